"""One run: who asked what, what has happened so far, and those who listen."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.analyzers.base import Analyzer
from app.core.events import LAST, Event, EventType
from app.core.principal import Principal
from app.core.question import Question


class EventLog:
    """Events of one run, in order; any number of readers follow from any place."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._grown = asyncio.Event()

    def append(self, event: Event) -> None:
        self._events.append(event)
        self._grown.set()
        self._grown = asyncio.Event()

    def __len__(self) -> int:
        return len(self._events)

    @property
    def ended(self) -> bool:
        return bool(self._events) and self._events[-1].type in LAST

    async def follow(self, after: int) -> AsyncIterator[Event]:
        while True:
            grown = self._grown
            for event in self._events[after:]:
                after = event.seq
                yield event
            if self.ended and after >= len(self):
                return
            await grown.wait()


@dataclass(eq=False, slots=True)
class Run:
    """What the nodes share besides the state: it is never checkpointed."""

    id: str
    principal: Principal
    question: Question
    analyzer: Analyzer
    approval: bool = False
    log: EventLog = field(default_factory=EventLog)
    attempt: int = 1
    trace_id: str = ""
    degraded: list[str] = field(default_factory=list)
    milliseconds: dict[str, float] = field(default_factory=dict)
    decider: Principal | None = None  # who released or refused the held steps
    decisions: tuple[Mapping[str, object], ...] = ()
    deadline: float = 0.0
    readers: int = 0
    visits: int = 0  # readers that ever came
    task: asyncio.Task[object] | None = None

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.analyzer.budget_s

    def emit(self, event: EventType, **data: object) -> None:
        self.log.append(Event(event, self.id, len(self.log) + 1, self.attempt, data))

    def degrade(self, *reasons: str) -> None:
        self.degraded += [reason for reason in reasons if reason not in self.degraded]

    def void(self, reason: str) -> None:
        """All statements so far are taken back."""
        self.attempt += 1
        self.emit("restarted", reason=reason)

    def restart(self, reason: str) -> None:
        """The same, and another analyzer begins."""
        self.void(reason)
        self.degrade(f"analyzer_fallback:{reason}")

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            spent = (time.perf_counter() - begun) * 1000
            self.milliseconds[stage] = round(self.milliseconds.get(stage, 0.0) + spent, 3)
