"""The hash of weights, which takes seconds for gigabytes: kept beside them with the size and time they had."""

import contextlib
import hashlib
from collections.abc import Sequence
from pathlib import Path

CHUNK = 2**22


def digest(files: Sequence[Path]) -> str:
    """One file's own sha256; of several the sha256 of their list. Raises `OSError`."""
    if len(files) == 1:
        return of(files[0])
    listed = "".join(f"{of(file)}  {file.name}\n" for file in files)
    return hashlib.sha256(listed.encode()).hexdigest()


def of(file: Path) -> str:
    stat = file.stat()
    stamp = f"{stat.st_size} {stat.st_mtime_ns}"
    note = file.with_name(f".{file.name}.sha256")
    with contextlib.suppress(OSError, ValueError):  # nobody may have noted it yet
        known, _, noted = note.read_text().strip().partition(" ")
        if noted == stamp and len(known) == 64:
            return known
    found = read(file)
    with contextlib.suppress(OSError):  # a folder that may not be written to: it is read again next time
        note.write_text(f"{found} {stamp}\n")
    return found


def read(file: Path) -> str:
    whole = hashlib.sha256()
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            whole.update(chunk)
    return whole.hexdigest()
