"""What the weights' file tells without being loaded: how many numbers it holds, and its digest."""

import hashlib
import json
import math
import struct
from pathlib import Path

WEIGHTS = "model.safetensors"
LARGEST_HEADER = 2**26  # bytes; what is longer is no header


def numbers(folder: Path) -> int:
    """How many there are, by the header: 8 bytes of length and a JSON object. 0 when there is no such file."""
    try:
        with (folder / WEIGHTS).open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(length, LARGEST_HEADER)))
    except (OSError, struct.error, ValueError):
        return 0
    return sum(math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")


def digest(folder: Path) -> str:
    """sha256 of the file; without one, a word that is none."""
    try:
        with (folder / WEIGHTS).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "no-weights"
