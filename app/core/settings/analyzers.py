"""The analyzer table: its rows, who stands behind whom, and which question goes to which row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Price(BaseModel):
    """What a thousand tokens cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(0.0, ge=0)
    output: float = Field(0.0, ge=0)
    currency: str = Field("EUR", pattern="^[A-Z]{3}$")


class AnalyzerSpec(BaseModel):
    """A row; the options beyond these belong to the backend, which validates them."""

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str
    budget_s: float = Field(30.0, gt=0)  # time to a whole answer; when it is spent, another one answers
    failures: int = Field(3, ge=0)  # in a row, after which it is left alone for a while; 0: it never is
    cache_s: float = Field(0.0, ge=0)  # seconds that its answers are kept; 0: not at all
    price: Price = Price()
    replicas: int = Field(1, ge=1, le=16)  # copies in memory at the most, as the queue and the memory allow

    def __repr_args__(self) -> list[tuple[str, object]]:
        """Without the options: one of them may be a key."""
        return [("kind", self.kind), ("budget_s", self.budget_s)]

    @property
    def options(self) -> dict[str, object]:
        return dict(self.model_extra or {})


EVIDENCE = AnalyzerSpec(kind="evidence", budget_s=3.0)
FALLBACK = "evidence"

QuestionKind = Literal["fault_code", "log", "source_code", "symptom"]
Difficulty = Literal["easy", "hard"]


class When(BaseModel):
    """Every condition that is stated must hold; of a list, one entry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subsystem: tuple[str, ...] = ()
    kind: tuple[QuestionKind, ...] = ()
    difficulty: Difficulty | None = None
    vehicle_class: tuple[str, ...] = ()


class Route(BaseModel):
    """A question that names no analyzer goes to the first route that fits, else to the active analyzer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: When = When()
    to: str


@dataclass(frozen=True, slots=True)
class Table:
    """The part of the settings that may change while the service answers."""

    rows: Mapping[str, AnalyzerSpec] = field(default_factory=dict)
    active: str = FALLBACK
    fallback: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    allow_remote: bool = False
