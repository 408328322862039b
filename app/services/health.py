"""How much of the whole works: one state per part, told by `/readyz` and `rail-debug doctor`."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from app.analyzers.base import Analyzers
from app.core.errors import RailDebugError
from app.retrieval.base import Store, Truth
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
    truth: Truth
    store: Store
    analyzers: Analyzers
    encoder: Encoder
    prompts: Callable[[], Mapping[str, str]] = dict  # what Langfuse does not give, and why

    async def readiness(self) -> Readiness:
        parts = {"records": await self._records(), **self._store(), "embedder": self._embedder(), **self._analyzers()}
        parts |= {f"prompt:{name}": Part("degraded", why) for name, why in self.prompts().items()}
        return Readiness(parts["records"].state != "down", parts)

    async def _records(self) -> Part:
        try:
            version = await asyncio.to_thread(self.truth.index_version, self.kb)
            return Part("ok", f"index version {version}")
        except RailDebugError as error:
            return Part("down", error.message)

    def _store(self) -> dict[str, Part]:
        """Without it the code lane still answers, or a replica does."""
        trouble = self.store.trouble
        return {f"store:{self.store.name}": Part("degraded", trouble) if trouble else Part("ok")}

    def _embedder(self) -> Part:
        why_not = self.encoder.why_not
        return Part("degraded", why_not) if why_not else Part("ok", self.encoder.model)

    def _analyzers(self) -> dict[str, Part]:
        return {
            f"analyzer:{name}": Part("ok") if state == "ready" else Part("degraded", state)
            for name, state in self.analyzers.states().items()
        }
