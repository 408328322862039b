"""What an evaluation hands over: the figures and what they were measured on."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.evaluate.ranking import Mean
from app.evaluate.summary import Summary


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`seconds` are those of the asking; reading the documents comes before. `quoted`: questions may be shown."""

    name: str
    summary: Summary
    seconds: float
    documents: int
    analyzer: str
    embedder: str
    quoted: bool = True


@dataclass(frozen=True, slots=True)
class Ranking:
    """split -> figure -> mean over its questions."""

    name: str
    splits: Mapping[str, Mapping[str, Mean]]

    @property
    def empty(self) -> bool:
        return not any(figures for figures in self.splits.values())
