"""What an analyzer says, one sentence at a time, before and after it was checked."""

from dataclasses import dataclass
from typing import Literal

from app.core.diagnosis import Action, Citation

Kind = Literal["meaning", "summary", "cause", "step", "limit", "next_test", "warning", "fix"]
Mark = Literal["supported", "marked", "held", "struck"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One claim. `citations` are numbers of `Brief.evidence`, from 1; `quote` is said to stand in the first of them.

    A `fix` is a corrected code snippet; `language` is set only there.
    """

    kind: Kind
    text: str
    citations: tuple[int, ...] = ()
    quote: str = ""
    action: Action | None = None
    expected: str | None = None
    code: str | None = None  # the fault code it speaks of
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A statement with its receipts. Only `supported` and `marked` text may leave; `reasons` say what was wrong."""

    statement: Statement
    mark: Mark
    receipts: tuple[Citation, ...] = ()
    action: Action | None = None
    reasons: tuple[str, ...] = ()
