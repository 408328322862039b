"""The first question of a newly loaded analyzer: nobody switches to one that cannot answer it."""

import asyncio
import time

from app.analyzers.base import Analyzer
from app.analyzers.closing import closing
from app.core.brief import Brief, End, PromptSet, Text
from app.core.document import Part, Passage
from app.core.errors import AnalyzerBadOutput, AnalyzerTimeout
from app.core.question import Options, Question
from app.receipts.draft import SCHEMA

CODE = "E73-B"
TEXT = f"{CODE}: the brake does not release. Cause: the exhaust silencer is clogged. Clean the exhaust silencer."


def brief(prompts: PromptSet | None, seconds: float) -> Brief:
    return Brief(
        question=Question(f"What does {CODE} mean?"),
        evidence=(_passage(),),
        codes=(CODE,),
        prompts=prompts,
        schema=SCHEMA,
        options=Options(temperature=0.0, max_tokens=64),
        deadline=time.monotonic() + seconds,
    )


async def probe(analyzer: Analyzer, prompts: PromptSet | None, seconds: float) -> float:
    """-> milliseconds to its first word. Raises an `AnalyzerError` when it says nothing or does not end."""
    begun, first, ended = time.monotonic(), None, False
    try:
        async with asyncio.timeout(seconds), closing(analyzer.stream(brief(prompts, seconds))) as deltas:
            async for delta in deltas:
                if isinstance(delta, Text) and delta.text.strip() and first is None:
                    first = time.monotonic()
                ended = ended or isinstance(delta, End)
    except TimeoutError as error:
        raise AnalyzerTimeout(f"{analyzer.name!r} did not answer its first question in {seconds:.0f} s.") from error
    if first is None or not ended:
        raise AnalyzerBadOutput(f"{analyzer.name!r} {'said nothing' if first is None else 'did not end'} when tried.")
    return round((first - begun) * 1000, 1)


def _passage() -> Passage:
    def part(role: str, words: str) -> Part:
        start = TEXT.index(words)
        return Part(role, start, start + len(words))  # type: ignore[arg-type]

    return Passage(
        id="probe",
        document_id="probe/probe.md",
        source="probe.md",
        title="Probe",
        section=CODE,
        revision="1",
        superseded_by=None,
        start=0,
        end=len(TEXT),
        line=1,
        text=TEXT,
        role="definition",
        parts=(
            part("definition", "the brake does not release."),
            part("cause", "the exhaust silencer is clogged."),
            part("remedy", "Clean the exhaust silencer."),
        ),
        codes=(CODE,),
        defines=(CODE,),
        score=1.0,
    )
