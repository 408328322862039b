"""Cases from a JSONL file, in the house's own fields or in those of a query set with documents and spans."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from app.core.errors import InvalidInput, NotFound
from app.core.question import Asset, CodeFragment, Question
from app.evaluate.base import Case, Place


def compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
    return pattern


Pattern = Annotated[str, AfterValidator(compiles)]


class PlaceLine(BaseModel):
    model_config = ConfigDict(extra="forbid")

    source: str = Field(validation_alias=AliasChoices("source", "doc"))
    code: str | None = None
    section: str | None = None
    start: int | None = None
    end: int | None = None


class CaseLine(BaseModel):
    """Fields that it does not know are notes for people."""

    id: str
    question: str = Field(validation_alias=AliasChoices("question", "query"))
    log: str = ""
    code: CodeFragment | None = None
    asset: Asset = Asset()
    kind: str
    answerable: bool
    gold: list[PlaceLine] = []
    gold_docs: list[str] = []
    gold_spans: list[PlaceLine] = []
    alternatives: list[PlaceLine] = []
    alt_docs: list[str] = []
    facts: list[Pattern] = Field([], validation_alias=AliasChoices("facts", "fact_patterns"))
    forbidden: list[Pattern] = []
    asks: list[str] = []
    split: str = "all"
    subsystem: str = ""

    def case(self) -> Case:
        gold = [*self.gold, *self.gold_spans] or [PlaceLine(source=name) for name in self.gold_docs]
        others = [*self.alternatives, *(PlaceLine(source=name) for name in self.alt_docs)]
        return Case(
            id=self.id,
            question=Question(self.question, log=self.log, code=self.code, asset=self.asset),
            kind=self.kind,
            answerable=self.answerable,
            gold=places(gold),
            alternatives=places(others),
            facts=tuple(self.facts),
            forbidden=tuple(self.forbidden),
            asks=tuple(self.asks),
            split=self.split,
            subsystem=self.subsystem or next((place.source.split("/")[0] for place in gold), "none"),
        )


def places(lines: list[PlaceLine]) -> tuple[Place, ...]:
    return tuple(Place(**line.model_dump()) for line in lines)


def read(file: Path) -> list[Case]:
    """Raises `InvalidInput` that names the line and what is wrong with it, `NotFound` when there is no such file."""
    if not file.is_file():
        raise NotFound(f"There are no cases at {file}.", hint="Name a JSONL file, one case a line.")
    cases = [_case(file, number, line) for number, line in _lines(file)]
    known: set[str] = set()
    for case in cases:
        if case.id in known:
            raise InvalidInput(f"{file}: two cases are called {case.id!r}.")
        known.add(case.id)
    return cases


def golden() -> Path:
    """The questions that travel with the house: what an analyzer is compared and qualified by."""
    return Path(__file__).with_name("golden.jsonl")


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            yield number, line


def _case(file: Path, number: int, line: str) -> Case:
    try:
        found: Any = json.loads(line)
        return CaseLine.model_validate(found).case()
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'case'}: {e['msg']}" for e in error.errors())
        raise InvalidInput(f"{file}, line {number}: {wrong}.") from error
    except json.JSONDecodeError as error:
        raise InvalidInput(f"{file}, line {number}: {error}.") from error
