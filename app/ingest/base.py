"""What came of an ingest, file by file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from app.core.document import Document
from app.core.principal import Principal


@dataclass(frozen=True, slots=True)
class Outcome:
    path: str
    state: Literal["read", "unchanged", "refused"]
    chunks: int = 0
    line: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    outcomes: tuple[Outcome, ...] = ()
    index_version: int = 0

    def count(self, state: str) -> int:
        return sum(outcome.state == state for outcome in self.outcomes)


class Loader(Protocol):
    """Bytes of one file -> a document and its blocks. Registered by suffix in `LOADERS`."""

    def __call__(self, kb: str, path: str, content: bytes) -> "Loaded":
        """Raises `InvalidDocument` naming the file, the line and what to do."""
        ...


@dataclass(frozen=True, slots=True)
class Block:
    """A structural piece before it is cut to size: `document.text[start:end]`, under these headings.

    `label` is what tells its role: a table column's name, or empty when the headings do.
    """

    start: int
    end: int
    headings: tuple[str, ...] = ()
    label: str = ""
    group: int = 0  # blocks of one table row or section share it and are kept together while they fit


@dataclass(frozen=True, slots=True)
class Loaded:
    document: Document
    blocks: tuple[Block, ...] = ()


class Pipeline(Protocol):
    async def folder(self, principal: Principal, kb: str, root: Path) -> Report:
        """Read every file below `root`; a file that is refused stops no other."""
        ...

    async def upload(self, principal: Principal, kb: str, path: str, content: bytes) -> Outcome:
        """One file. Raises `UnsupportedFormat`, `InvalidDocument`, `TooLarge`."""
        ...
