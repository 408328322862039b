"""What `rail-debug ingest` does with files that nobody would want to be sent -> docs/reports/hostile.md.

    python -m tests.bench.hostile

Each lies between two good files in a folder of its own, and is ingested by the real command into one scratch home.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.ingest.test_hostile import GOOD, HOSTILE

REPORT = Path(__file__).parents[2] / "docs" / "reports" / "hostile.md"
LONGEST = 110  # characters of a reason
OPENING = """# Hostile files

Written by `python -m tests.bench.hostile`. Each file lay between two good ones; `rail-debug ingest` read the folder, a
process of its own each time. Status 6 says that some files were refused. Seconds are those of the whole command on two
busy cores; one to three of them go into its start.

| file | what was told | status | good files read | seconds |
|---|---|---|---|---|
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        rows = [row(what, Path(place)) for what in HOSTILE]
    REPORT.write_text(OPENING + "".join(f"{line}\n" for line in rows), encoding="utf-8")
    print(f"{len(rows)} files -> {REPORT.name}")


def row(what: str, place: Path) -> str:
    name, make, _ = HOSTILE[what]
    folder = place / what.replace(" ", "-")
    folder.mkdir()
    for good in ("a.md", "z.md"):
        (folder / good).write_text(GOOD)
    make(folder / name)
    started = time.perf_counter()
    status, outcomes = ingest(folder, place / "home")
    seconds = time.perf_counter() - started
    (reason,) = (outcome["reason"] for outcome in outcomes if outcome["state"] == "refused")
    read = sum(outcome["state"] == "read" for outcome in outcomes)
    told = reason if len(reason) <= LONGEST else f"{reason[:LONGEST]}…"
    return f"| {what} (`{name}`) | {told.replace('|', '/')} | {status} | {read} of 2 | {seconds:.1f} |"


def ingest(folder: Path, home: Path) -> tuple[int, list[dict[str, str]]]:
    command = [sys.executable, "-m", "app.cli.main", "ingest", str(folder), "--home", str(home), "--json"]
    done = subprocess.run(
        command,
        env=os.environ | {"RAIL_DEBUG_SERVICE__SAMPLE_SHELF": "false"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=300,
    )
    outcomes: list[dict[str, str]] = json.loads(done.stdout)["outcomes"]
    return done.returncode, outcomes


if __name__ == "__main__":
    main()
