"""The benchmark: every so many requests, or on demand, all configured analyzers answer the same questions."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from app.analyzers.benchmark.base import (
    History,
    Opinion,
    Opinions,
    Paper,
    Papers,
    Roster,
    Round,
    RoundStatus,
    Row,
    Trial,
)
from app.analyzers.benchmark.figures import row
from app.analyzers.benchmark.idle import Idle
from app.analyzers.benchmark.texts import likeness
from app.analyzers.benchmark.trial import attempt
from app.analyzers.benchmark.used import Meter
from app.core import ids
from app.core.errors import RailDebugError, RecordsUnavailable
from app.core.settings.benchmark import BenchmarkSettings

log = logging.getLogger(__name__)
READY = "ready"
REMOTE = "it is remote, and benchmark.allow_remote is off"
WAITED = "nobody stopped asking for {:.0f} s"


class NoOpinions:
    async def opinions(self) -> Mapping[str, Opinion]:
        return {}


@dataclass(eq=False)
class Benchmark:
    """One round at a time. It never evicts, never answers a user, and gives way to every question."""

    roster: Roster
    papers: Papers
    history: History
    idle: Idle
    settings: BenchmarkSettings
    opinions: Opinions = field(default_factory=NoOpinions)
    _task: "asyncio.Task[Round] | None" = None

    def __post_init__(self) -> None:
        self.idle.asked = self._counted

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done()

    def start(self, reason: str) -> "asyncio.Task[Round]":
        """The round that runs already, else a new one."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._round(reason, self.idle.requests))
            self._task.add_done_callback(_settled)
        return self._task

    async def run(self, reason: str = "on demand") -> Round:
        """Who gives up waiting does not end the round."""
        return await asyncio.shield(self.start(reason))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _counted(self) -> None:
        every = self.settings.every
        if every and self.idle.requests % every == 0:
            self.start(f"every {every} requests")

    async def _round(self, reason: str, request_count: int) -> Round:
        begun, stood_back = time.monotonic(), self.idle.stood_back
        started = datetime.now(UTC)
        rows: dict[str, Row] = {}
        papers: Sequence[Paper] = ()
        try:
            papers = await self.idle.undisturbed(self._gather, self.settings.patience_s)
        except TimeoutError:
            rows = dict.fromkeys(self._order(), self._deferred())
        opinions = await self.opinions.opinions()
        for name in () if rows else self._order():
            late = any(made.status == "deferred" for made in rows.values())
            rows[name] = self._deferred() if late else await self._row(name, papers, opinions.get(name))
        made = Round(
            id=ids.run_id(),
            timestamp=started.isoformat(timespec="milliseconds"),
            request_count=request_count,
            reason=reason,
            status=_status(rows),
            active=self.roster.active,
            models=rows,
            golden=sum(paper.kind == "golden" for paper in papers),
            recent=sum(paper.kind == "recent" for paper in papers),
            seconds=round(time.monotonic() - begun, 2),
            stood_back=self.idle.stood_back - stood_back,
            notes=() if papers else ("there were no questions",),
        )
        try:
            await self.history.append(made)
        except RecordsUnavailable as error:
            log.warning("benchmark round %s could not be kept: %s", made.id, error.message)
            made = replace(made, notes=(*made.notes, f"not kept: {error.message}"))
        log.info("benchmark round %s: %s in %.1f s", made.id, made.status, made.seconds)
        return made

    async def _gather(self) -> Sequence[Paper]:
        return await self.papers()

    def _order(self) -> list[str]:
        """The active one, then what is loaded, then what has to be."""
        states = self.roster.states()
        return sorted(states, key=lambda name: (name != self.roster.active, not _ready(states[name]), name))

    async def _row(self, name: str, papers: Sequence[Paper], opinion: Opinion | None) -> Row:
        """A row for each analyzer, whatever comes of it."""
        try:
            analyzer = self.roster.bare(name)
            label = analyzer.identity.label
            if analyzer.identity.remote and not self.settings.allow_remote:
                return Row("skipped", REMOTE, label)
            loaded = _ready(self.roster.states()[name])
            if not loaded:
                await self.idle.undisturbed(analyzer.load, self.settings.patience_s)
        except RailDebugError as error:
            return Row("skipped", f"{error.code}: {error.message}", name)
        except TimeoutError:
            return self._deferred(name)
        try:
            return await self._asked(name, papers, opinion)
        finally:
            if not loaded and name != self.roster.active:
                await analyzer.unload()

    async def _asked(self, name: str, papers: Sequence[Paper], opinion: Opinion | None) -> Row:
        analyzer, trials = self.roster.bare(name), list[Trial]()
        meter = await asyncio.to_thread(Meter)

        async def ask(paper: Paper) -> Trial:
            meter.begin()
            return await attempt(analyzer, paper)

        late = ""
        for paper in papers:
            try:
                trials.append(await self.idle.undisturbed(partial(ask, paper), self.settings.patience_s))
            except TimeoutError:
                late = self._deferred().reason
                break
            meter.look()
        alike = await asyncio.to_thread(likeness, trials)
        made = row(analyzer.identity.label, trials, meter.read(), alike, opinion)
        return replace(made, status="deferred", reason=late) if late else made

    def _deferred(self, label: str = "") -> Row:
        return Row("deferred", WAITED.format(self.settings.patience_s), label)


def _ready(state: str) -> bool:
    return state.startswith(READY)


def _status(rows: Mapping[str, Row]) -> RoundStatus:
    """Red when nothing was answered, whatever the reason."""
    if any(made.status == "deferred" for made in rows.values()):
        return "deferred"
    return "ok" if any(made.answered for made in rows.values()) else "failed"


def _settled(task: "asyncio.Task[Round]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("a benchmark round broke off", exc_info=error)
