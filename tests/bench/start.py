"""From exec to the first right answer of a second start, and what the service holds then.

    python -m tests.bench.start [--times N] [--home FOLDER]

The home is made by a first start, with the sample shelf and the configured embedder, so the files are in the cache.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from tests.bench.service import process
from tests.bench.service.run import free_port

QUESTION = {"question": "E73-B, what do I check first?"}


@contextmanager
def serving(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, float]]:
    port, began = free_port(), time.perf_counter()
    command = [sys.executable, "-m", "app.cli.main", "serve", "--port", str(port), "--home", str(home)]
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ.copy()
    )
    try:
        yield child, port, began
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(30)


def first_answer(port: int, began: float) -> float:
    """Seconds until a diagnosis came that cites a document and lacks nothing."""
    while time.perf_counter() - began < 120:
        try:
            told = ask(port)
        except (URLError, OSError):
            time.sleep(0.01)
            continue
        if told["verdict"] != "answered" or not told["citations"] or told["degraded"]:
            raise SystemExit(f"A wrong answer: {told['verdict']}, degraded {told['degraded']}.")
        return time.perf_counter() - began
    raise SystemExit("No answer within two minutes.")


def ask(port: int) -> dict[str, list[object]]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/debug",
        data=json.dumps(QUESTION).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as reply:
        told: dict[str, list[object]] = json.load(reply)
        return told


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--times", type=int, default=5)
    options.add_argument("--home", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = given.home or Path(folder)
        for number in range(given.times + 1):
            with serving(home) as (child, port, began):
                seconds = first_answer(port, began)
                cpu, rss = process.cpu_seconds(child.pid), process.rss_mb(child.pid)
            kind = "new home" if number == 0 else "again"
            print(f"{kind:9} first answer after {seconds:.2f} s; {cpu:.2f} s CPU, {rss:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
