"""What every analyzer does whose model is elsewhere: ask, heed the clock, ask again while nothing was said."""

import asyncio
import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from app.analyzers.closing import closing
from app.analyzers.fit import tokens
from app.analyzers.options import options
from app.analyzers.prompting import Asked, ask
from app.analyzers.remote.options import RemoteOptions
from app.analyzers.retry import pause
from app.core.brief import Begin, Brief, Delta, End, Footprint, Identity, Text
from app.core.errors import AnalyzerError, AnalyzerTimeout
from app.core.settings.analyzers import AnalyzerSpec

Own = TypeVar("Own", bound=RemoteOptions)
T = TypeVar("T")


@dataclass
class Heard:
    """What an answer says of itself besides its text."""

    tokens_in: int = 0
    tokens_out: int = 0
    finish: str | None = None


class RemoteAnalyzer(ABC, Generic[Own]):
    OPTIONS: ClassVar[type[RemoteOptions]]

    def __init__(self, name: str, spec: AnalyzerSpec) -> None:
        self.name = name
        self.budget_s = spec.budget_s
        self.options: Own = options(name, self.OPTIONS, spec)  # type: ignore[assignment]
        self._digest = digest(self.options)

    @property
    def identity(self) -> Identity:
        own = self.options
        return Identity(self.name, own.model, self._digest, own.family, own.leaves, own.context)

    @property
    def footprint(self) -> Footprint:
        return Footprint()

    def count(self, text: str) -> int:
        return tokens(text)

    @abstractmethod
    async def load(self) -> None: ...

    @abstractmethod
    async def unload(self) -> None: ...

    @abstractmethod
    def once(self, asked: Asked, brief: Brief, heard: Heard) -> AsyncIterator[str]:
        """One attempt. Raises only `AnalyzerError`s; closing it closes its connection."""

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        asked = ask(brief, self.options)
        yield Begin(self.identity, asked.prompt, asked.dropped, seed=asked.seed)
        attempt = 0
        while True:
            heard, spoken = Heard(), False
            try:
                async with closing(self.once(asked, brief, heard)) as texts:
                    async for text in texts:
                        spoken = True
                        yield Text(text)
                yield End(heard.tokens_in, heard.tokens_out, heard.finish or "stop")
                return
            except AnalyzerError as error:
                wait = None if spoken else pause(error, attempt, self.options.retries, brief.deadline)
                if wait is None:
                    raise
                attempt += 1
                await asyncio.sleep(wait)

    async def next(self, pieces: AsyncIterator[T], deadline: float) -> T | None:
        """The next piece, None at the end; waited for no longer than the row and the request allow."""
        seconds = max(0.0, min(self.options.timeout_s, deadline - time.monotonic()))
        try:
            async with asyncio.timeout(seconds):
                return await anext(pieces, None)
        except TimeoutError as error:
            raise AnalyzerTimeout(f"{self.name!r} was silent for {seconds:.1f} s.") from error


def digest(own: RemoteOptions) -> str:
    """Of all that shapes an answer; it stands where a model at hand has the hash of its weights."""
    settings = own.model_dump_json(exclude={"api_key", "headers"})
    return hashlib.sha256(settings.encode()).hexdigest()
