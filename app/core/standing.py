"""How far an analyzer is trusted, which one the processes of a service agreed on, and who decided so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["candidate", "shadow", "qualified"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Bound to what it was found on: with other weights or options the label differs, and the trust is gone."""

    analyzer: str
    label: str  # `Identity.label`
    stage: Stage = "candidate"
    told: str = ""  # what it rests on, with its figures
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """The active analyzer, as somebody chose it while the settings said `base`.

    When the settings have come to say something else, they are the later word.
    """

    id: str
    active: str
    base: str
    who: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the audit: lines are added, none is ever changed."""

    who: str
    what: str  # `analyzer.switched`, `analyzer.qualified`, …
    kb: str = ""
    details: Mapping[str, object] = field(default_factory=dict)
    id: str = ""
    at: float = 0.0
