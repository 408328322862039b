"""Which code answers: a digest of the files that decide what is said, so that a replay can tell when they changed."""

import hashlib
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

ROOMS = ("core", "faults", "receipts", "graph", "analyzers")  # what is found is told by the index, apart from them


@lru_cache(maxsize=1)
def code_label() -> str:
    """`version#hash8`. Reads some hundred files once: called in a worker thread before it is needed."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(path for room in ROOMS for path in (root / room).rglob("*") if path.suffix in (".py", ".toml")):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"{version('rail-debug')}#{digest.hexdigest()[:8]}"
