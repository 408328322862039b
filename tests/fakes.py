"""Small real classes that stand in for rooms, for tests of the rooms beside them."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.core.brief import Begin, Brief, Delta, End, Footprint, Identity, PromptSet, Text
from app.core.diagnosis import FaultCode
from app.core.document import Part, Passage
from app.core.errors import AnalyzerError, Conflict, NotFound, RecordsUnavailable, UnknownAnalyzer
from app.core.principal import Principal
from app.core.question import Question
from app.records.base import Pack, RunRow, Status
from app.retrieval.base import Query, Retrieved

TEXT = (
    "E73-B Brake pipe pressure sensors disagree. Cause: moisture in the connector X12. "
    "Check the connector X12 for moisture. Isolate the brake of the coach. The limit is 0.2 bar."
)


def part(role: str, words: str, text: str = TEXT, offset: int = 0) -> Part:
    start = text.index(words) + offset
    return Part(role, start, start + len(words))  # type: ignore[arg-type]


def passage(text: str = TEXT, **changes: object) -> Passage:
    parts = (
        part("definition", "Brake pipe pressure sensors disagree."),
        part("cause", "moisture in the connector X12."),
        part("test", "Check the connector X12 for moisture."),
        part("remedy", "Isolate the brake of the coach."),
        part("limit", "The limit is 0.2 bar."),
    )
    made = Passage(
        id="p1",
        document_id="main/brakes/e73.md",
        source="brakes/e73.md",
        title="Brakes",
        section="E73-B",
        revision="C",
        superseded_by=None,
        start=0,
        end=len(text),
        line=1,
        text=text,
        role="definition",
        parts=parts if text == TEXT else (),
        codes=("E73-B",),
        defines=("E73-B",),
        score=1.0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass
class FakeRetriever:
    passages: tuple[Passage, ...] = (passage(),)
    known: frozenset[str] = frozenset({"E73-B"})
    relevance: float = 0.9
    error: Exception | None = None
    asked: list[Query] = field(default_factory=list)

    async def retrieve(self, query: Query) -> Retrieved:
        self.asked.append(query)
        if self.error:
            raise self.error
        codes = tuple(FaultCode(m.code, m.spelled, m.code in self.known) for m in query.mentions)
        return Retrieved(self.passages, codes, self.relevance, index_version=1)


def said(*statements: Mapping[str, object]) -> str:
    return json.dumps({"statements": list(statements)})


CAUSE = {
    "kind": "cause",
    "text": "moisture in the connector X12.",
    "citations": [1],
    "quote": "moisture in the connector X12.",
}
STEP = {
    "kind": "step",
    "text": "Check the connector X12 for moisture.",
    "citations": [1],
    "quote": "Check the connector X12 for moisture.",
}
ISOLATE = {
    "kind": "step",
    "text": "Isolate the brake of the coach.",
    "citations": [1],
    "quote": "Isolate the brake of the coach.",
}
INVENTED = {"kind": "cause", "text": "The wheel slide valve froze at 40 bar.", "citations": [1]}


@dataclass
class FakeAnalyzer:
    """Says its text in pieces of `size` characters, waits between them, and fails after `fails_after` pieces."""

    name: str = "fake"
    text: str = said(CAUSE, STEP)
    size: int = 40
    pause: float = 0.0
    fails_after: int | None = None
    error: Exception = field(default_factory=lambda: AnalyzerError("it broke"))
    budget_s: float = 5.0
    briefs: list[Brief] = field(default_factory=list)
    closed: int = 0

    @property
    def identity(self) -> Identity:
        return Identity(self.name, "1", "0" * 64)

    @property
    def footprint(self) -> Footprint:
        return Footprint()

    def count(self, text: str) -> int:
        return len(text.split())

    async def load(self) -> None:
        return None

    async def unload(self) -> None:
        return None

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        self.briefs.append(brief)
        try:
            yield Begin(self.identity)
            for number, at in enumerate(range(0, len(self.text), self.size)):
                if number == self.fails_after:
                    raise self.error
                await asyncio.sleep(self.pause)
                yield Text(self.text[at : at + self.size])
            yield End(tokens_in=10, tokens_out=5)
        finally:
            self.closed += 1


class FakeAnalyzers:
    def __init__(self, *analyzers: FakeAnalyzer) -> None:
        self.table = {"evidence": FakeAnalyzer("evidence"), **{a.name: a for a in analyzers}}
        self.active = analyzers[0].name if analyzers else "evidence"

    def pick(self, name: str | None) -> FakeAnalyzer:
        if (name or self.active) not in self.table:
            raise UnknownAnalyzer(f"There is no analyzer {name!r}.")
        return self.table[name or self.active]

    def choose(self, question: Question) -> FakeAnalyzer:
        return self.pick(question.analyzer)

    async def load(self) -> None:
        return None

    async def unload(self) -> None:
        return None

    def states(self) -> Mapping[str, str]:
        return dict.fromkeys(self.table, "ready")


class FakePrompts:
    def current(self, subject: object = None) -> PromptSet:
        return self

    def pick(self, use_case: str, family: str) -> object:
        raise AssertionError("no fake analyzer renders a prompt")


@dataclass
class FakeRuns:
    """Runs in a dict, with the owner check of the real ones; `down` makes every write fail."""

    rows: dict[str, RunRow] = field(default_factory=dict)
    spooled: list[Pack] = field(default_factory=list)
    down: bool = False

    async def accept(self, principal: Principal, run_id: str, question: Question) -> None:
        if self.down:
            raise RecordsUnavailable("the disk is full")
        self.rows[run_id] = RunRow(run_id, question.kb, principal.name, "running", question, 0.0)

    async def commit(
        self, principal: Principal, run_id: str, status: Status, pack: Pack | None, error: str = ""
    ) -> None:
        if self.down:
            raise RecordsUnavailable("the disk is full")
        if self.rows[run_id].status not in ("running", "awaiting_approval"):
            raise Conflict(f"Run {run_id} has ended.")
        self.rows[run_id] = replace(self.rows[run_id], status=status, pack=pack, error=error)

    async def get(self, principal: Principal, run_id: str) -> RunRow:
        row = self.rows.get(run_id)
        if row is None or not (row.owner == principal.name or principal.may("approve")):
            raise NotFound(f"There is no run {run_id}.")
        return row

    async def waiting(self, principal: Principal) -> Sequence[RunRow]:
        return [row for row in self.rows.values() if row.status == "awaiting_approval"]

    def spool(self, principal: Principal, run_id: str, status: Status, pack: Pack) -> None:
        self.spooled.append(pack)
