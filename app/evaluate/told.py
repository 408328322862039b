"""What an evaluation hands over: the figures and what they were measured on."""

from dataclasses import dataclass

from app.evaluate.standing import Part
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
    """One set of questions; a part for each of its splits."""

    name: str
    parts: tuple[Part, ...]

    @property
    def empty(self) -> bool:
        return not self.parts
