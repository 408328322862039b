"""The benchmark, joined to the house: questions with their evidence, and where rounds are kept."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.analyzers.benchmark.base import Opinion, Paper, Rate, Roster, Round, Row
from app.analyzers.benchmark.idle import Idle
from app.analyzers.benchmark.ledger import NAME, Ledger
from app.analyzers.benchmark.plot import plot
from app.analyzers.benchmark.runner import Benchmark
from app.analyzers.benchmark.summary import Summary, summarize
from app.analyzers.benchmark.watched import Recent
from app.core.brief import Brief
from app.core.feedback import FeedbackRow
from app.core.principal import EVALUATION, LOCAL
from app.core.settings import Settings
from app.core.wire import from_json, to_json
from app.evaluate.base import Case
from app.evaluate.cases import golden, read
from app.graph.clarify import fitting
from app.graph.understand import MOST_CODES, mentions, search_text
from app.prompts.base import Feedbacks, Prompts
from app.receipts.draft import SCHEMA
from app.records.base import Documents
from app.records.benchmarks import SqlBenchmarks
from app.records.home import Records
from app.retrieval.base import Query, Retriever

__all__ = ["Bench", "Kept", "Questions", "Rate", "Round", "Row", "Summary", "bench"]

SHOWN = 20  # rounds of the history


@dataclass(frozen=True, slots=True)
class Kept:
    """Implements `History` with the records."""

    benchmarks: SqlBenchmarks
    kb: str

    async def append(self, made: Round) -> None:
        text = to_json(made).decode()
        await self.benchmarks.add(EVALUATION, self.kb, round_id=made.id, status=made.status, text=text)

    async def latest(self, limit: int) -> Sequence[Round]:
        return [from_json(Round, text) for text in await self.benchmarks.latest(EVALUATION, self.kb, limit)]


@dataclass(frozen=True, slots=True)
class Said:
    """Implements `Opinions` with the feedback on answers that users had."""

    rows: Feedbacks
    kb: str

    async def opinions(self) -> Mapping[str, Opinion]:
        by_analyzer: dict[str, list[FeedbackRow]] = defaultdict(list)
        for row in await self.rows.list(LOCAL, self.kb):
            by_analyzer[row.credit.analyzer.partition("@")[0]].append(row)
        return {name: opinion(rows) for name, rows in by_analyzer.items()}


def opinion(rows: Sequence[FeedbackRow]) -> Opinion:
    said = [row.feedback for row in rows]
    corrected = [one for one in said if one.corrected_cause.strip()]
    return Opinion(
        thumbs_up=sum(one.thumbs == "up" for one in said),
        thumbs=sum(one.thumbs is not None for one in said),
        corrected=len(corrected),
        closed=sum(one.closed_case or one in corrected for one in said),
    )


@dataclass(frozen=True, slots=True)
class Questions:
    """The golden questions, with what the retriever finds for them now, and the recent ones as they were asked."""

    settings: Settings
    documents: Documents
    retriever: Retriever
    prompts: Prompts
    recent: Recent
    _found: dict[str, Paper] = field(default_factory=dict)  # of a round's beginning that was broken off

    async def papers(self) -> Sequence[Paper]:
        """Broken off, it goes on next time where it was."""
        cases = await self._cases()
        for case in cases:
            if case.id not in self._found:
                self._found[case.id] = await self._paper(case)
        sure = [self._found[case.id] for case in cases]
        self._found.clear()
        seen = [Paper(f"recent-{n}", "recent", brief) for n, brief in enumerate(self.recent.briefs(), start=1)]
        return [*sure, *seen]

    async def _cases(self) -> Sequence[Case]:
        """Spread over all that the shelf can tell of: on other documents than the cases', none."""
        own = self.settings.benchmark
        cases = await asyncio.to_thread(read, own.cases or golden())
        held = {row.path for row in await self.documents.list(EVALUATION, self.settings.kb)}
        able = [case for case in cases if case.answerable and all(place.source in held for place in case.gold)]
        chosen = [case for case in cases if case in able or not case.answerable] if able else []
        count = min(own.golden, len(chosen))
        return [chosen[number * len(chosen) // count] for number in range(count)]

    async def _paper(self, case: Case) -> Paper:
        """As the agent does it, up to where an analyzer is asked."""
        question = case.question
        named = mentions(question)[:MOST_CODES]
        query = Query(search_text(question), self.settings.kb, named, question.asset, k=self.settings.retrieval.k)
        found = await self.retriever.retrieve(query)
        brief = Brief(
            question=question,
            evidence=fitting(found.passages),
            codes=tuple(code.code for code in found.fault_codes if code.known),
            prompts=self.prompts.current(),
            schema=SCHEMA,
        )
        reference = next((passage.text for passage in brief.evidence if case.is_accepted(passage)), "")
        return Paper(f"golden-{case.id}", "golden", brief, case.answerable, case.facts, reference)


@dataclass(frozen=True, slots=True)
class Bench:
    """What the doors ask for."""

    benchmark: Benchmark

    async def summary(self) -> Summary:
        rounds = await self.benchmark.history.latest(SHOWN)
        return summarize(rounds, running=self.benchmark.running, requests=self.benchmark.idle.requests)

    async def plot(self) -> str:
        return plot((await self.summary()).history)

    async def run(self) -> Round:
        return await self.benchmark.run()

    def start(self) -> None:
        self.benchmark.start("on demand")

    async def close(self) -> None:
        await self.benchmark.close()


def bench(
    settings: Settings, records: Records, roster: Roster, idle: Idle, questions: Questions, *, serve: bool
) -> Bench:
    """A service begins rounds by itself, with every so many requests; all others only on demand."""
    own = settings.benchmark if serve else settings.benchmark.model_copy(update={"every": 0})
    ledger = Ledger(settings.folder / NAME, Kept(records.benchmarks, settings.kb))
    said = Said(records.feedback, settings.kb)
    return Bench(Benchmark(roster, questions.papers, ledger, idle, own, said))
