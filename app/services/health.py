"""How much of the whole works: one state per part, told by `/readyz` and `rail-debug doctor`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from app.analyzers.manager import Manager
from app.analyzers.memory import told
from app.analyzers.seat import IDLE, READY
from app.core.errors import RailDebugError
from app.retrieval.base import Store
from app.retrieval.encoder import Encoder

State = Literal["ok", "degraded", "down"]


@dataclass(frozen=True, slots=True)
class Part:
    state: State
    told: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """`ready`: a question gets an answer, if only from the code lane and `evidence`."""

    ready: bool
    parts: Mapping[str, Part]


@dataclass(frozen=True, slots=True)
class Health:
    kb: str
    store: Store
    analyzers: Manager
    encoder: Encoder

    async def readiness(self) -> Readiness:
        parts = {"records": await self._records(), "embedder": self._embedder(), **self._analyzers()}
        return Readiness(parts["records"].state != "down", parts)

    async def _records(self) -> Part:
        try:
            return Part("ok", f"index version {await self.store.write(self.kb)}")
        except RailDebugError as error:
            return Part("down", error.message)

    def _embedder(self) -> Part:
        why_not = self.encoder.why_not
        return Part("degraded", why_not) if why_not else Part("ok", self.encoder.model)

    def _analyzers(self) -> dict[str, Part]:
        return {"analyzers": self._manager()} | {
            f"analyzer:{name}": Part("ok" if state.startswith((READY, IDLE)) else "degraded", state)
            for name, state in self.analyzers.states().items()
        }

    def _manager(self) -> Part:
        manager, pool = self.analyzers, self.analyzers.pool
        if error := manager.table_error or manager.follow_error:
            return Part("degraded", error)
        stage = manager.trust.stage(manager.seat(manager.active).face.identity)
        return Part("ok", f"active {manager.active} ({stage}), {told(pool.held)} of {told(pool.budget)} held")
