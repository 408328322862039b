"""An analyzer whose answers are spans."""

from collections.abc import AsyncIterator

from app.analyzers.closing import closing
from app.analyzers.wrapping import Wrapping
from app.core.brief import Brief, Delta, End
from app.telemetry.spans import inference


class Traced(Wrapping):
    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        with inference(self.identity) as span:
            async with closing(self.inner.stream(brief)) as deltas:
                async for delta in deltas:
                    if isinstance(delta, End):
                        span.used(delta.tokens_in, delta.tokens_out)
                    yield delta
