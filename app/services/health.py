"""How much of the whole works: one state per part, told by `/readyz` and `rail-debug doctor`."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from app.analyzers.manager import Manager
from app.analyzers.memory import told
from app.analyzers.seat import IDLE, READY
from app.core.cache import Cache
from app.core.errors import RailDebugError
from app.records.home import Records
from app.retrieval.encoder import Encoder
from app.services.indexes import Switch
from app.services.rebuild import Rebuild

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
    records: Records
    switch: Switch
    analyzers: Manager
    cache: Cache
    rebuild: Rebuild
    prompts: Callable[[], Mapping[str, str]] = dict  # what Langfuse does not give, and why

    @property
    def encoder(self) -> Encoder:
        return self.switch.current.encoder

    async def readiness(self) -> Readiness:
        parts = {"records": await self._records(), **self._store(), "embedder": self._embedder()}
        parts["cache"] = self._cache()
        if self.rebuild.told:
            parts["rebuild"] = self._rebuild()
        parts |= self._analyzers()
        parts |= {f"prompt:{name}": Part("degraded", why) for name, why in self.prompts().items()}
        return Readiness(parts["records"].state != "down", parts)

    async def _records(self) -> Part:
        try:
            version = await asyncio.to_thread(self.records.truth.index_version, self.kb)
        except RailDebugError as error:
            return Part("down", error.message)
        trouble = await self.records.trouble()
        return Part("degraded", trouble) if trouble else Part("ok", f"index version {version}")

    def _store(self) -> dict[str, Part]:
        """Without it the code lane still answers, or a replica does."""
        store = self.switch.current.store
        return {f"store:{store.name}": Part("degraded", store.trouble) if store.trouble else Part("ok")}

    def _embedder(self) -> Part:
        why_not = self.encoder.why_not
        return Part("degraded", why_not) if why_not else Part("ok", self.encoder.model)

    def _rebuild(self) -> Part:
        why_not = self.rebuild.why_not
        return Part("degraded", f"{self.rebuild.told}: {why_not}") if why_not else Part("ok", self.rebuild.told)

    def _cache(self) -> Part:
        return Part("degraded", self.cache.why_not) if self.cache.why_not else Part("ok")

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
