"""What became different between two revisions of a document."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Change:
    """A sentence or row that was added, removed or reworded; lines count from 1, 0 where there is none.

    `numbers` are the quantities that moved, before and after, as written; one side is empty where it has none.
    """

    kind: Literal["added", "removed", "changed"]
    before: str = ""
    after: str = ""
    before_line: int = 0
    after_line: int = 0
    numbers: tuple[tuple[str, str], ...] = ()
