"""A process that ingests and answers until it is killed, and says of each write when it was acknowledged.

`python -m tests.records.relentless FOLDER TURN`; a line is `document PATH REVISION`, `accepted RUN` or `ended RUN`.
"""

import asyncio
import itertools
import os
import sys
from pathlib import Path

from app.core.principal import LOCAL
from app.records.home import Records, open_records
from tests.records.samples import cut, pack, question


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def chunks_of(revision: int) -> int:
    return 1 + revision * 7 % 40


async def ingest(records: Records, turn: int, lane: int) -> None:
    for count in itertools.count(1):
        revision = turn * 100_000 + count
        paths = [f"{lane}-{(count + n) % 6}.md" for n in range(3)]
        cuts = [cut(path, chunks_of(revision), revision=str(revision), words=60, model="m") for path in paths]
        await records.documents.replace(LOCAL, "main", cuts)
        for path in paths:
            say("document", path, revision)


async def answer(records: Records, turn: int, lane: int) -> None:
    for count in itertools.count(1):
        run = f"{turn}-{lane}-{count}"
        await records.runs.accept(LOCAL, run, question())
        say("accepted", run)
        await records.runs.commit(LOCAL, run, "answered", pack(run))
        say("ended", run)


async def main(folder: Path, turn: int) -> None:
    records = open_records(folder)
    await records.open(serve=True)
    await asyncio.gather(*(ingest(records, turn, n) for n in range(2)), *(answer(records, turn, n) for n in range(4)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
