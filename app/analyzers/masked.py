"""A remote analyzer sees no secret and placeholders for personal data; what it answers has them put back.

It stands right around the backend, so that all that is checked, kept and shown is the text as it was meant.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from app.analyzers.closing import closing
from app.analyzers.wrapping import Wrapping
from app.core.brief import Begin, Brief, Delta, Text
from app.core.document import Passage
from app.faults.codes import find
from app.telemetry import masking
from app.telemetry.personal import Lifting, Veil

LONG = 50_000  # characters; to read more than this holds the event loop


class Masked(Wrapping):
    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        personal = masking.personal()
        if not personal.remote or not self.inner.identity.remote:
            async with closing(self.inner.stream(brief)) as deltas:
                async for delta in deltas:
                    yield delta
            return
        veil = Veil(personal.known, known_codes(brief), masking.secrets)
        lifting = Lifting(veil)
        if len(brief.question.material) > LONG:
            told = await asyncio.to_thread(hidden, brief, veil)
        else:
            told = hidden(brief, veil)
        async with closing(self.inner.stream(told)) as deltas:
            async for delta in deltas:
                if isinstance(delta, Text):
                    if text := lifting.feed(delta.text):
                        yield Text(text)
                    continue
                if rest := lifting.close():
                    yield Text(rest)
                yield (
                    replace(delta, dropped=tuple(map(veil.lifted, delta.dropped)))
                    if isinstance(delta, Begin)
                    else delta
                )


def hidden(brief: Brief, veil: Veil) -> Brief:
    """The prompts are ours, and so are the codes: neither holds what somebody typed."""
    question, evidence, history = veil.over((brief.question, brief.evidence, brief.history))
    evidence = tuple(map(_without_places, evidence, brief.evidence))
    return replace(brief, question=question, evidence=evidence, history=history)


def _without_places(now: Passage, before: Passage) -> Passage:
    """The places of its parts are those of the text as it was."""
    return now if now.text == before.text else replace(now, parts=())


def known_codes(brief: Brief) -> Callable[[str], bool]:
    """Whether a piece is the spelling of a fault code that the documents know."""
    known = {*brief.codes, *(code for passage in brief.evidence for code in (*passage.codes, *passage.defines))}
    return lambda piece: any(mention.code in known for mention in find(piece))
