"""The contract of an analyzer, point by point. Each says in a few words what it saw, or raises.

`tests/analyzers/test_table.py` runs them on every row; `python -m tests.bench.analyzers_contract` writes their table.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import psutil

from app.analyzers.base import Analyzer
from app.analyzers.closing import closing
from app.analyzers.joining import joined
from app.analyzers.table import BACKENDS
from app.core.brief import Begin, Brief, Delta, End, Text
from app.core.errors import AnalyzerContextExceeded, AnalyzerError
from app.core.question import Question
from app.core.settings.analyzers import AnalyzerSpec
from app.receipts.check import Evidence, check
from app.receipts.draft import Cutter
from app.receipts.ledger import Ledger
from tests.analyzers.realest import BRIEF, NOTHING, UNDER, Real
from tests.receipts.passages import BRAKE, passage

MIB = 2**20


class NotApplicable(Exception):
    """Why this point does not concern this kind."""


@dataclass(frozen=True)
class Subject:
    kind: str
    analyzer: Analyzer
    real: Real


def built(kind: str, options: Mapping[str, object]) -> Analyzer:
    return joined(BACKENDS[kind]("row", AnalyzerSpec.model_validate({"kind": kind, **options})), UNDER.__getitem__)


async def told(analyzer: Analyzer, brief: Brief = BRIEF) -> list[Delta]:
    async with closing(analyzer.stream(brief)) as deltas:
        return [delta async for delta in deltas]


def text(deltas: Sequence[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, Text))


def marks(deltas: Sequence[Delta]) -> tuple[list[str], int]:
    """-> (the mark of each statement, how many could not be read)"""
    cutter, evidence, ledger = Cutter(), Evidence(BRIEF.evidence, asked=frozenset(BRIEF.codes)), Ledger()
    found = [s for delta in deltas if isinstance(delta, Text) for s in cutter.feed(delta.text)]
    found += cutter.close(whole=True)
    return [check(statement, evidence, ledger).mark for statement in found], cutter.skipped


async def answer(subject: Subject) -> str:
    deltas = await told(subject.analyzer)
    assert isinstance(deltas[0], Begin) and isinstance(deltas[-1], End)
    found, skipped = marks(deltas)
    assert found and not skipped and set(found) == {"supported"}
    assert isinstance((await told(subject.analyzer, NOTHING))[-1], End)
    return f"{len(found)} of {len(found)} supported"


async def stream(subject: Subject) -> str:
    began, first, deltas = time.perf_counter(), 0.0, 0
    async for delta in subject.analyzer.stream(BRIEF):
        deltas += isinstance(delta, Text)
        first = first or (time.perf_counter() - began if deltas else 0.0)
    whole = time.perf_counter() - began
    assert deltas
    return f"{deltas} pieces, {1000 * first:.0f} of {1000 * whole:.0f} ms"


async def cancel(subject: Subject) -> str:
    """Left after its first word it is at once free for the next question, and cancelled from outside too."""
    async with closing(subject.analyzer.stream(BRIEF)) as deltas:
        async for delta in deltas:
            if isinstance(delta, Text):
                break
        left = time.perf_counter()
    async with closing(subject.analyzer.stream(BRIEF)) as deltas:
        await anext(deltas)  # a model of this process says `Begin` when it is free
    freed = time.perf_counter() - left
    task = asyncio.create_task(told(subject.analyzer))
    await asyncio.sleep(0.02)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert isinstance((await told(subject.analyzer))[-1], End)
    return f"next begins after {1000 * freed:.0f} ms"


async def sixteen(subject: Subject) -> str:
    began = time.perf_counter()
    answers = await asyncio.gather(*(told(subject.analyzer) for _ in range(16)))
    assert len({text(deltas) for deltas in answers}) == 1 and text(answers[0])
    return f"alike, {1000 * (time.perf_counter() - began):.0f} ms"


async def too_long(subject: Subject) -> str:
    if not subject.analyzer.identity.context:
        raise NotApplicable("no limit")
    many = tuple(passage(f"{n}. {BRAKE}", name=f"p{n}", defines=("E73-B",)) for n in range(60))
    begin = (await told(subject.analyzer, replace(BRIEF, evidence=many)))[0]
    assert isinstance(begin, Begin) and begin.dropped == tuple(p.id for p in many[-len(begin.dropped) :])
    try:
        await told(subject.analyzer, replace(BRIEF, question=Question("brake " * 20_000)))
    except AnalyzerContextExceeded as error:
        assert any(sign.isdigit() for sign in error.message)
        return f"refused; of 60 passages {len(begin.dropped)} dropped"
    raise AssertionError("a question longer than its context was taken")


async def killed(subject: Subject) -> str:
    if subject.real.kill is None or subject.real.revive is None:
        raise NotApplicable("no server")
    at = subject.real.killed_at
    if at is None:
        await subject.real.kill()
    try:
        async with closing(subject.analyzer.stream(BRIEF)) as deltas:
            async for delta in deltas:
                if at and isinstance(delta, at):
                    await subject.real.kill()
    except AnalyzerError as error:
        said = error
    else:
        raise AssertionError("it did not notice that its server was gone")
    with suppress(AnalyzerError):
        await told(subject.analyzer)
        raise AssertionError("it answered without its server")
    await subject.real.revive()
    assert said.retry and isinstance((await told(subject.analyzer))[-1], End)
    return f"{said.code}, then answers again"


async def bad_json(subject: Subject) -> str:
    """Nothing that cannot be read passes as supported, and nothing is raised but what is ours."""
    if subject.real.spoiled is None:
        raise NotApplicable("it writes its own")
    spoiled = built(subject.kind, subject.real.spoiled)
    await spoiled.load()
    try:
        found, skipped = marks(await told(spoiled))
    except AnalyzerError as error:
        return error.code
    finally:
        await spoiled.unload()
    assert "supported" not in found
    return f"{len(found)} statements, 0 supported, {skipped} skipped"


async def reload(subject: Subject) -> str:
    """Its memory is given back; twice is as good as once; and it answers as before."""
    before, process = text(await told(subject.analyzer)), psutil.Process()
    held = process.memory_info().rss
    await subject.analyzer.unload()
    await subject.analyzer.unload()
    freed = held - process.memory_info().rss
    await subject.analyzer.load()
    assert text(await told(subject.analyzer)) == before
    again = process.memory_info().rss - held
    return f"{freed / MIB:.0f} MiB back, {again / MIB:+.0f} MiB after"


POINTS: Mapping[str, Callable[[Subject], Awaitable[str]]] = {
    "answer": answer,
    "stream": stream,
    "cancel": cancel,
    "16 at once": sixteen,
    "too long": too_long,
    "killed server": killed,
    "bad JSON": bad_json,
    "unload and reload": reload,
}
