"""A manager of fake analyzers: rows whose memory, words and faults a test sets."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from app.analyzers.agreement import ThroughRecords
from app.analyzers.base import Agreement, Analyzer
from app.analyzers.manager import Manager
from app.analyzers.pool import Pool
from app.analyzers.table import BACKENDS
from app.analyzers.trust import Trust
from app.core.brief import Begin, Brief, Delta, End, Footprint, Identity, Text
from app.core.document import Passage
from app.core.errors import AnalyzerUnavailable
from app.core.question import Question
from app.core.settings.analyzers import EVIDENCE, AnalyzerSpec, Table
from app.core.settings.pool import PoolSettings
from app.core.settings.qualify import QualifySettings
from app.core.standing import Choice, Entry, Standing
from tests.receipts.passages import brake

MB = 2**20
BRIEF = Brief(Question("E73-B?"), (brake(),), ("E73-B",))
QUICK = PoolSettings(linger_s=0.0, drain_s=5.0, idle_s=0.05, retry_s=30.0, queue=2, probe_s=5.0, follow_s=0.02)


@dataclass
class FakeMemory:
    """A machine of so many MiB whose process grows by what is told when an analyzer is loaded."""

    ram: int = 1000
    others: int = 0  # what other programs take
    taken: int = 0

    def total(self) -> Footprint:
        return Footprint(self.ram * MB)

    def free(self) -> Footprint:
        return Footprint(max(0, self.ram - self.others - self.taken) * MB)

    def resident(self) -> Footprint:
        return Footprint(self.taken * MB)


@dataclass
class World:
    """What rows of kind `fake` do: it is one for a test, so that a reloaded row is the same one."""

    memory: FakeMemory = field(default_factory=FakeMemory)
    loaded: dict[str, int] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)  # rows that cannot be loaded
    mute: set[str] = field(default_factory=set)  # rows that say nothing
    gate: asyncio.Event = field(default_factory=asyncio.Event)  # rows with `waits` answer when it is set


class FakeBackend:
    world: World

    def __init__(self, name: str, spec: AnalyzerSpec) -> None:
        self.name, self.budget_s, self.own = name, spec.budget_s, spec.options

    @property
    def identity(self) -> Identity:
        return Identity(self.name, str(self.own.get("version", 1)), "0" * 64, remote=bool(self.own.get("remote")))

    @property
    def footprint(self) -> Footprint:
        return Footprint(int(str(self.own.get("mb", 0))) * MB)

    def count(self, text: str) -> int:
        return len(text.split())

    async def load(self) -> None:
        await asyncio.sleep(float(str(self.own.get("load_s", 0))))
        if self.name in self.world.broken:
            raise AnalyzerUnavailable("the weights are gone")
        self.world.memory.taken += int(str(self.own.get("grows", self.own.get("mb", 0))))
        self.world.loaded[self.name] = self.world.loaded.get(self.name, 0) + 1
        self.world.log.append(f"+{self.name}")

    async def unload(self) -> None:
        if self.world.loaded.get(self.name):
            self.world.memory.taken -= int(str(self.own.get("grows", self.own.get("mb", 0))))
            self.world.loaded[self.name] -= 1
            self.world.log.append(f"-{self.name}")

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        if not self.world.loaded.get(self.name):
            raise AnalyzerUnavailable(f"{self.name} was taken away from under a question")
        yield Begin(self.identity)
        if self.own.get("waits"):
            await self.world.gate.wait()
        for _ in range(3):
            await asyncio.sleep(0)
            if not self.world.loaded.get(self.name):
                raise AnalyzerUnavailable(f"{self.name} was taken away from under a question")
            yield Text("" if self.name in self.world.mute else f"{self.identity.label} ")
        yield End(1000, 500)


@dataclass
class MemoryStandings:
    standings: dict[str, Standing] = field(default_factory=dict)
    choice: Choice | None = None
    audit: list[Entry] = field(default_factory=list)

    async def all(self) -> Mapping[str, Standing]:
        return dict(self.standings)

    async def put(self, standing: Standing, entry: Entry) -> None:
        self.standings[standing.analyzer] = standing
        self.audit.append(entry)

    async def tell(self, standing: Standing) -> None:
        self.standings[standing.analyzer] = standing

    async def chosen(self) -> Choice | None:
        return self.choice

    async def choose(self, choice: Choice, entry: Entry) -> None:
        self.choice = choice
        self.audit.append(entry)


def fake(**options: object) -> AnalyzerSpec:
    return AnalyzerSpec.model_validate({"kind": "fake", **options})


def table(active: str = "evidence", *, changes: Mapping[str, object] = {}, **rows: AnalyzerSpec) -> Table:
    return replace(Table({"evidence": EVIDENCE, **rows}, active), **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def house(
    own: Table,
    world: World | None = None,
    *,
    settings: PoolSettings = QUICK,
    standings: MemoryStandings | None = None,
    agreement: Agreement | None = None,
    qualify: QualifySettings | None = None,
    loaded: bool = True,
) -> AsyncIterator[Manager]:
    """`fake` is one more kind for as long as it lasts."""
    assert isinstance(BACKENDS, dict)
    FakeBackend.world = world or World()
    kept = standings or MemoryStandings()
    before = dict(BACKENDS)
    BACKENDS["fake"] = FakeBackend
    try:
        made = Manager(
            own,
            pool=Pool(settings, FakeBackend.world.memory),
            trust=Trust(kept),
            agreement=agreement or ThroughRecords(kept, settings.follow_s),
            qualify=qualify,
        )
        if loaded:
            await made.load()
        yield made
        await made.unload()
    finally:
        BACKENDS.clear()
        BACKENDS.update(before)


async def said(analyzer: Analyzer, brief: Brief = BRIEF) -> tuple[Begin, str]:
    """Who spoke, and what was said after the last beginning."""
    begin, text = None, ""
    async for delta in analyzer.stream(brief):
        if isinstance(delta, Begin):
            begin, text = delta, ""
        elif isinstance(delta, Text):
            text += delta.text
    assert begin is not None
    return begin, text


async def soon(true: object, seconds: float = 3.0) -> None:
    """Wait until a call says yes."""
    assert callable(true)
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


def passage(text: str) -> Passage:
    return replace(brake(), text=text)
