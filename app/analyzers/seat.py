"""A seat at the pool: one row of the table, with the copies of it that are in memory."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.analyzers.base import Analyzer
from app.core.brief import Footprint

NOTHING = Footprint()
IDLE, LOADING, READY, DRAINING = "idle", "loading", "ready", "draining"


@dataclass(eq=False, slots=True)
class Copy:
    """One loaded analyzer. `held` is what the budget counts: the larger of what was thought and what was seen."""

    analyzer: Analyzer
    estimated: Footprint = NOTHING
    measured: Footprint = NOTHING
    leases: int = 0
    used_at: float = field(default_factory=time.monotonic)
    free: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def held(self) -> Footprint:
        ram = max(self.estimated.ram, self.measured.ram)
        return Footprint(ram, max(self.estimated.vram, self.measured.vram))


@dataclass(eq=False, slots=True)
class Seat:
    """`face` stands for the row while nothing is loaded: it tells its identity, its budget and its footprint."""

    name: str
    make: Callable[[], Analyzer]
    replicas: int = 1
    cache_s: float = 0.0
    face: Analyzer = field(init=False)
    state: str = IDLE
    copies: list[Copy] = field(default_factory=list)
    failed_at: float = float("-inf")
    crowded_at: float = float("-inf")  # when there was no room for another copy
    growing: bool = False
    closed: bool = False  # its row is gone or has changed
    loading: "asyncio.Task[None] | None" = None

    def __post_init__(self) -> None:
        """Raises `InvalidSettings` for a row that is not right."""
        self.face = self.make()

    @property
    def leases(self) -> int:
        return sum(copy.leases for copy in self.copies)

    @property
    def told(self) -> str:
        if self.copies and self.state == READY:
            return f"{READY}, {len(self.copies)} copies" if len(self.copies) > 1 else READY
        return self.state
