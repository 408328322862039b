"""What a backup is: a compressed tar whose first member lists every file with its size and digest."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

FORMAT = "rail-debug backup"
VERSION = 1
MANIFEST = "manifest.json"
LONGEST = 64 * 2**20  # bytes of a manifest
SETTINGS = "rail-debug.yaml"


@dataclass(frozen=True, slots=True)
class Kept:
    path: str  # relative to the home
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    created_at: float
    release: str
    schema: int  # of the records
    documents: int
    runs: int
    files: tuple[Kept, ...]
    format: str = FORMAT
    version: int = VERSION

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def belongs(path: PurePosixPath) -> bool:
    """Whether a file of a home is part of a backup: locks and what can be fetched again are not, nor is a half file."""
    passing = path.suffix in (".lock", ".tmp", ".part") or path.name.endswith(("-wal", "-shm", "-journal"))
    return not passing and path.parts[0] != "weights"


def plain(name: str) -> bool:
    """Whether a name leads to a place below the home and to no other."""
    path = PurePosixPath(name)
    if not path.parts:
        return False
    odd = path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or ":" in path.parts[0]
    return not odd and str(path) == name


def is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"
