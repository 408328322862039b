"""The configured analyzers, built from their table and wrapped in one visible place."""

import asyncio
from collections.abc import Mapping

from app.analyzers.base import Analyzer
from app.analyzers.failover import Failover
from app.analyzers.joining import join
from app.analyzers.table import BACKENDS
from app.analyzers.traced import Traced
from app.core.errors import InvalidSettings, RailDebugError, UnknownAnalyzer
from app.core.question import Question
from app.core.settings.analyzers import EVIDENCE, AnalyzerSpec

FALLBACK = "evidence"


class Registry:
    """Building is cheap and checks every row; what is heavy waits for `load`.

    Only `evidence` stands behind another analyzer, so that nothing crosses from a local to a remote one.
    """

    def __init__(self, table: Mapping[str, AnalyzerSpec], active: str) -> None:
        """Raises `InvalidSettings` naming the row and the option, `UnknownAnalyzer` when the active one is no row."""
        self.active = active
        self._backends = {name: _built(name, spec) for name, spec in {FALLBACK: EVIDENCE, **table}.items()}
        join(self._backends, self._backends.__getitem__)
        self._states = dict.fromkeys(self._backends, "not loaded")
        evidence = Traced(self._backends[FALLBACK])
        self._wrapped: dict[str, Analyzer] = {
            name: Failover([evidence] if name == FALLBACK else [Traced(backend), evidence])
            for name, backend in self._backends.items()
        }
        self.pick(None)

    def pick(self, name: str | None) -> Analyzer:
        wanted = self.active if name is None else name
        if wanted not in self._wrapped:
            there = ", ".join(sorted(self._wrapped))
            raise UnknownAnalyzer(f"There is no analyzer {wanted!r}.", hint=f"Configured are: {there}.")
        return self._wrapped[wanted]

    def choose(self, question: Question) -> Analyzer:
        return self.pick(question.analyzer)

    def bare(self, name: str) -> Analyzer:
        """By itself, with nobody behind it."""
        self.pick(name)
        return Traced(self._backends[name])

    async def load(self) -> None:
        """One that cannot be loaded stops no other: questions to it are answered by `evidence`."""
        await asyncio.gather(*(self._load(name, backend) for name, backend in self._backends.items()))

    async def unload(self) -> None:
        await asyncio.gather(*(backend.unload() for backend in self._backends.values()))
        self._states = dict.fromkeys(self._backends, "not loaded")

    def states(self) -> Mapping[str, str]:
        return dict(self._states)

    async def _load(self, name: str, backend: Analyzer) -> None:
        self._states[name] = "loading"
        try:
            await backend.load()
        except RailDebugError as error:
            self._states[name] = f"{error.code}: {error.message}"
        else:
            self._states[name] = "ready"


def _built(name: str, spec: AnalyzerSpec) -> Analyzer:
    if name == FALLBACK and spec.kind != FALLBACK:
        raise InvalidSettings(f"analyzers.{name}.kind: {name!r} stands behind all others and cannot be another kind.")
    backend = BACKENDS.get(spec.kind)
    if backend is None:
        raise InvalidSettings(
            f"analyzers.{name}.kind: {spec.kind!r} is no kind of analyzer.",
            hint=f"Kinds are: {', '.join(sorted(BACKENDS))}.",
        )
    return backend(name, spec)
