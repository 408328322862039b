"""The analyzer without a model: it quotes the documents by role, and where they say nothing it says nothing."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from app.analyzers.fit import tokens
from app.analyzers.options import options
from app.analyzers.quoting.compose import compose
from app.analyzers.quoting.symptoms import topics
from app.analyzers.quoting.topic import Topic, gather, named
from app.core.brief import Begin, Brief, Delta, End, Footprint, Identity, Text
from app.core.document import Passage
from app.core.settings.analyzers import AnalyzerSpec
from app.core.statement import Statement
from app.receipts.words import stems


class NoOptions(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EvidenceAnalyzer:
    def __init__(self, name: str, spec: AnalyzerSpec) -> None:
        options(name, NoOptions, spec)
        self.name = name
        self.budget_s = spec.budget_s

    @property
    def identity(self) -> Identity:
        return Identity(self.name, "1", _digest())

    @property
    def footprint(self) -> Footprint:
        return Footprint()

    def count(self, text: str) -> int:
        """Of no importance here, since nothing has to fit: what a model would count."""
        return tokens(text)

    async def load(self) -> None:
        """Nothing is heavy here."""

    async def unload(self) -> None:
        """Nothing is held."""

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        yield Begin(self.identity)
        before = '{"statements": ['
        for statement in answer(brief):
            yield Text(before + json.dumps(_row(statement), ensure_ascii=False))
            before = ", "
        yield Text("]}" if before == ", " else before + "]}")
        yield End()


def answer(brief: Brief) -> list[Statement]:
    """A known code is answered only from passages that define or at least name it; else the question's words decide."""
    if not brief.codes:
        return compose(topics(brief.question, brief.evidence))
    asked = stems(brief.question.text)
    found = [about(code, brief.evidence, asked) for code in brief.codes]
    return compose([topic for topic in found if topic.found])


def about(code: str, evidence: Sequence[Passage], asked: frozenset[str] = frozenset()) -> Topic:
    numbered = list(enumerate(evidence, start=1))
    defining = [(number, passage) for number, passage in numbered if code in passage.defines]
    return gather(code, defining, asked) if defining else named(code, numbered, asked)


def _row(statement: Statement) -> Mapping[str, object]:
    return {
        "kind": statement.kind,
        "text": statement.text,
        "citations": statement.citations,
        "quote": statement.quote or None,
        "action": statement.action,
        "expected": statement.expected,
        "code": statement.code,
        "language": None,
    }


@lru_cache(maxsize=1)
def _digest() -> str:
    """Of the code that answers: it stands where a model has its weights."""
    here = Path(__file__)
    sources = [here, *sorted((here.parent.parent / "quoting").glob("*.py"))]
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()
