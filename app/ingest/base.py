"""What the loaders hand to the chunker, and what came of an ingest, file by file."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from app.core.document import Document
from app.core.principal import Principal

Kind = Literal["heading", "text", "item", "cell", "code", "log", "furniture", "dropped"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`warnings` tell what of a file that was read did not come in: a page without text, a name that misleads."""

    path: str
    state: Literal["read", "unchanged", "refused", "removed"]
    chunks: int = 0
    line: int | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """`index_version` is 0 when nothing was written. `vanished` are documents whose file left the folder: an offer."""

    outcomes: tuple[Outcome, ...] = ()
    index_version: int = 0
    vanished: tuple[str, ...] = ()

    def count(self, state: str) -> int:
        return sum(outcome.state == state for outcome in self.outcomes)


class Loader(Protocol):
    """Bytes of one file -> a document and its blocks. Pages are parted by form feeds where a document has pages."""

    def __call__(self, kb: str, path: str, content: bytes) -> "Loaded":
        """Raises `InvalidDocument` naming the file, the line and what to do."""
        ...


@dataclass(frozen=True, slots=True)
class Block:
    """A structural piece before it is cut to size: `document.text[start:end]`, under these headings.

    A heading block counts itself among its `headings`. `furniture` (rules, table heads, comments) belongs to a chunk
    but is neither indexed nor quoted; what is `dropped` (scripts, navigation) belongs to none, and ends the one
    before it.
    """

    start: int
    end: int
    headings: tuple[str, ...] = ()
    label: str = ""  # what tells its role before the headings do: a column's name, the line that leads in a list
    group: int = 0  # the cells of one table row, or the lines of one stretch of log, share it and stay together
    kind: Kind = "text"
    words: str = ""  # what search reads, where the format's marks hide it: entities, substitutions


@dataclass(frozen=True, slots=True)
class Loaded:
    """`blocks` in the order of the text, none overlapping; the first one starts where the body does.

    The document's `superseded_by` is still what the file says: a path or an id.
    """

    document: Document
    blocks: tuple[Block, ...] = ()
    warnings: tuple[str, ...] = ()


class Pipeline(Protocol):
    async def folder(
        self,
        principal: Principal,
        kb: str,
        root: Path,
        progress: Callable[[Outcome], None] = ...,
        *,
        expect: Callable[[int], None] = ...,
        only: Collection[str] | None = None,
        prune: bool = False,
    ) -> Report:
        """Read every file below `root`, or `only` those; a file that is refused stops no other.

        `expect` hears how many there are, `progress` of each once its fate is durable. Documents of this folder
        whose file is gone are told in the report, and with `prune` removed. Raises `NotFound`, and `InvalidDocument`
        for a manifest that cannot be read: then nothing has changed.
        """
        ...

    async def upload(self, principal: Principal, kb: str, path: str, content: bytes) -> Outcome:
        """One file. Raises `UnsupportedFormat`, `InvalidDocument`, `TooLarge`, `InvalidInput` for its path."""
        ...

    async def forget(self, principal: Principal, kb: str, names: Sequence[str]) -> Report:
        """Remove documents by path, by id or by folder; a name that nothing has is refused, the others go."""
        ...
