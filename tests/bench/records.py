"""Times the records on this machine: `python -m tests.bench.records`."""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from app.core.ids import run_id
from app.core.principal import LOCAL
from app.core.question import Question
from app.records.home import Records, open_records
from tests.records.samples import cut, pack

DOCUMENTS, CHUNKS, BATCH = 1000, 10, 50


async def ingest(records: Records) -> None:
    cuts = [cut(f"manual-{n}.md", CHUNKS, words=120, model="m") for n in range(DOCUMENTS)]
    for turn in ("first", "again"):
        started = time.perf_counter()
        for start in range(0, DOCUMENTS, BATCH):
            await records.documents.replace(LOCAL, "main", cuts[start : start + BATCH])
        took = time.perf_counter() - started
        print(f"replace, {turn:5}      {DOCUMENTS * CHUNKS / took:8.0f} chunks/s")
    started = time.perf_counter()
    changes = records.truth.changes("main", 0, "m")
    print(f"changes since 0    {(time.perf_counter() - started) * 1e3:8.1f} ms for {len(changes.rows)} rows")
    started = time.perf_counter()
    digests = await records.documents.digests(LOCAL, "main", "m")
    print(f"digests            {(time.perf_counter() - started) * 1e3:8.1f} ms for {len(digests)} documents")
    ids = [row.chunk_id for row in changes.rows]
    reads(records, ids)


def reads(records: Records, ids: list[str]) -> None:
    took = []
    for turn in range(2000):
        asked = [ids[(turn * 7919 + n * 1237) % len(ids)] for n in range(8)]
        started = time.perf_counter()
        records.truth.passages("main", asked)
        took.append(time.perf_counter() - started)
    print(f"passages of 8 ids  {statistics.median(took) * 1e6:8.1f} us")
    started = time.perf_counter()
    for _ in range(200):
        records.truth.by_code("main", ["E73-B", "E12-A"], 50)
    print(f"by_code            {(time.perf_counter() - started) / 200 * 1e6:8.1f} us")


async def runs(records: Records, callers: int, seconds: float = 2.0) -> None:
    """Each run is two writes, as in service: the row at accept, the pack at the end."""
    took: list[float] = []
    until = time.perf_counter() + seconds

    async def caller() -> None:
        while time.perf_counter() < until:
            run = run_id()
            started = time.perf_counter()
            await records.runs.accept(LOCAL, run, Question("What is E73-B?"))
            middle = time.perf_counter()
            await records.runs.commit(LOCAL, run, "answered", pack(run))
            took.extend((middle - started, time.perf_counter() - middle))

    cpu, started = time.process_time(), time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    count = len(took) / 2
    cpu = (time.process_time() - cpu) / count * 1e3
    took.sort()
    p50, p95 = took[len(took) // 2] * 1e3, took[int(len(took) * 0.95)] * 1e3
    rate = count / (time.perf_counter() - started)
    waits = f"a write: p50 {p50:.1f} ms, p95 {p95:.1f} ms"
    print(f"runs, {callers:3} callers  {rate:8.0f} runs/s  {waits}; CPU {cpu:.2f} ms/run")


async def main(folder: Path) -> None:
    records = open_records(folder)
    await records.open()
    for callers in (1, 16, 64):
        await runs(records, callers)
    await ingest(records)
    await records.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else folder)))
