"""The one answer. Every door shows this object; its fields are only ever added to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.core.document import Passage

SCHEMA = 1

Verdict = Literal[
    "answered", "unknown_code", "insufficient_evidence", "needs_clarification", "awaiting_approval", "rejected"
]
Action = Literal["observe", "measure", "replace", "isolate", "operate"]
CRITICAL: frozenset[Action] = frozenset({"isolate", "operate"})


@dataclass(frozen=True, slots=True)
class NearCode:
    """Another code that is easily mistaken for the one asked; it is never the same."""

    code: str
    why: str


@dataclass(frozen=True, slots=True)
class FaultCode:
    code: str
    spelled: str  # as the question had it
    known: bool
    meaning: str = ""
    citations: tuple[str, ...] = ()
    near: tuple[NearCode, ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """A receipt: `quote` stands at `start:end` in the stored text of `document_id`."""

    id: str
    passage_id: str
    document_id: str
    source: str
    section: str
    revision: str
    line: int
    quote: str
    start: int
    end: int
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence and its receipts."""

    text: str
    citations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hypothesis:
    cause: str
    rank: int
    evidence_for: tuple[str, ...] = ()  # citation ids
    evidence_against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. While `held`, its text is withheld until a named person releases it."""

    text: str
    action: Action
    citations: tuple[str, ...] = ()
    expected: str | None = None  # value with unit, as a document states it
    held: bool = False


@dataclass(frozen=True, slots=True)
class CodeFix:
    language: str
    snippet: str
    explanation: str
    citations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Confidence:
    """`value` is in 0..1; `basis` says how it was reached. A model never sets it."""

    value: float
    basis: str


@dataclass(frozen=True, slots=True)
class Usage:
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    currency: str = "EUR"
    milliseconds: Mapping[str, float] = field(default_factory=dict)
    cached: bool = False  # the analyzer had said it before, to the same question about the same passages


@dataclass(frozen=True, slots=True)
class Diagnosis:
    run_id: str
    verdict: Verdict
    summary: str
    schema: int = SCHEMA
    trace_id: str = ""
    parent_run_id: str | None = None
    conversation_id: str | None = None
    degraded: tuple[str, ...] = ()
    fault_codes: tuple[FaultCode, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    steps: tuple[Step, ...] = ()
    limits: tuple[Finding, ...] = ()
    next_test: Finding | None = None
    code_fix: CodeFix | None = None
    passages: tuple[Passage, ...] = ()
    citations: tuple[Citation, ...] = ()
    confidence: Confidence = Confidence(0.0, "nothing was said")
    warnings: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()  # what was looked for and does not stand in the documents
    choices: tuple[str, ...] = ()
    analyzer: str = ""
    prompt: str = ""
    usage: Usage = field(default_factory=Usage)
