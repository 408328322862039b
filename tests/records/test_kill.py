"""The drill: a writer is killed at any moment; all that it acknowledged is there, and nothing is half."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.core.principal import LOCAL
from app.records.home import Records, open_records
from tests.records.relentless import chunks_of
from tests.records.samples import pack
from tests.records.whole import broken

KILLS = 18
ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
async def test_killed_at_any_moment_it_keeps_what_it_acknowledged_and_nothing_half(tmp_path: Path) -> None:
    moments = random.Random(73)
    revisions: dict[str, int] = {}
    accepted: set[str] = set()
    ended: set[str] = set()
    for turn in range(1, KILLS + 1):
        for kind, name, *revision in killed(tmp_path, turn, moments.uniform(0.0, 0.3)):
            if kind == "document":
                revisions[name] = int(revision[0])
            else:
                (accepted if kind == "accepted" else ended).add(name)
        records = open_records(tmp_path / "home")
        await records.open(serve=True)  # the lock died with its holder
        await check(records, revisions, accepted, ended)
        await records.close()
        assert broken(records.db.path) == {}
    assert len(ended) > KILLS
    assert len(revisions) == 12


def killed(folder: Path, turn: int, after: float) -> list[list[str]]:
    """Run the writer, kill it that long after its first acknowledgment -> what it acknowledged."""
    said = folder / f"said-{turn}"
    command = [sys.executable, "-m", "tests.records.relentless", str(folder / "home"), str(turn)]
    with said.open("wb") as out:
        child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out)
        try:
            until = time.monotonic() + 30
            while not said.stat().st_size and child.poll() is None and time.monotonic() < until:
                time.sleep(0.005)
            time.sleep(after)
            assert child.poll() is None, "the writer ended by itself"
        finally:
            child.kill()
            child.wait()
    return [line.split() for line in said.read_text().splitlines()]


async def check(records: Records, revisions: dict[str, int], accepted: set[str], ended: set[str]) -> None:
    rows = {row.path: row for row in await records.documents.list(LOCAL, "main")}
    for path, revision in revisions.items():
        row = rows[path]
        assert int(row.revision) >= revision, "an acknowledged revision is gone"
        assert row.chunks == chunks_of(int(row.revision))
        document = await records.documents.get(LOCAL, row.id)
        assert document.text.count("\n") + 1 == row.chunks
        revisions[path] = int(row.revision)
    assert max(row.generation for row in rows.values()) == records.truth.index_version("main")
    changes = records.truth.changes("main", 0, "m")
    assert len(changes.rows) == sum(row.chunks for row in rows.values())
    assert all(row.vector for row in changes.rows)
    for run in ended:
        kept = await records.runs.get(LOCAL, run)
        assert (kept.status, kept.pack) == ("answered", pack(run))
    for run in accepted - ended:
        kept = await records.runs.get(LOCAL, run)
        assert kept.status == "answered" or (kept.status, kept.error) == ("failed", "interrupted")
