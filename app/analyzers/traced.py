"""An analyzer whose answers are spans."""

from collections.abc import AsyncIterator

from app.analyzers.closing import closing
from app.analyzers.wrapping import Wrapping
from app.core.brief import Begin, Brief, Delta, End, Text
from app.telemetry.spans import inference


class Traced(Wrapping):
    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        with inference(self.identity) as span:
            said: list[str] = []
            async with closing(self.inner.stream(brief)) as deltas:
                async for delta in deltas:
                    if isinstance(delta, Text) and span.curious:
                        said.append(delta.text)
                    elif isinstance(delta, Begin):
                        span.prompted(delta.prompt)
                    elif isinstance(delta, End):
                        span.used(delta.tokens_in, delta.tokens_out)
                        span.ended(delta.finish)
                        span.cost(delta.cost, delta.currency)
                        span.said("".join(said))
                    yield delta
