"""Runs of three analyzers, each replayed from its record: what came out otherwise, and where.

`python -m tests.drills.replay --report docs/reports/replay.md`
"""

import argparse
import asyncio
import itertools
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.core.principal import LOCAL
from app.core.question import Question
from app.core.settings import Settings, load
from app.core.settings.analyzers import AnalyzerSpec
from app.services.build import build
from app.services.hall import Services
from app.services.replaying import Replay, replay
from tests.llm_stub import Stub

COUNTS = {"evidence": 700, "llama-cpp, greedy": 100, "llama-cpp, sampled": 100, "model stub": 100}
ROWS = {"evidence": "evidence", "llama-cpp, greedy": "greedy", "llama-cpp, sampled": "sampled", "model stub": "stub"}
ASKING = ("{}", "{}: what do I check?", "What does {} mean?", "{} came back after the restart", "{} and E999-Z")
SYMPTOMS = (
    "the doors stay open on platform side",
    "the compressor oil gets far too hot",
    "brake pressure drops after coupling",
    "no route can be set at Marle",
    "best pizza recipe with mozzarella",
)
HEAD = """# Replay

Written by `python -m tests.drills.replay`. Questions about the sample shelf, each answered once by the agent and then
replayed from its record: by the analyzer alone, one at a time, a model of this machine loaded anew for each replay.
Compared are verdict, summary, codes, causes, steps, limits, warnings, citations, confidence and every statement with
mark and reasons, also those of an attempt that was void. The tiny GGUF model (2 layers of 256, F16, one thread) answers
greedily or with temperature 0.8 and a seed; when it answered first, its cache held what the question before had left.

| analyzer | replays | equal | different | void attempts among them | answered | ms a replay |
|---|--:|--:|--:|--:|--:|--:|"""


@dataclass
class Tally:
    replays: int = 0
    void: int = 0
    answered: int = 0
    seconds: float = 0.0
    different: list[Replay] = field(default_factory=list)

    def row(self, name: str) -> str:
        equal, each = self.replays - len(self.different), 1000 * self.seconds / max(1, self.replays)
        counts = (self.replays, equal, len(self.different), self.void, self.answered, f"{each:.0f}")
        return f"| {name} | {' | '.join(map(str, counts))} |"


def questions(codes: Sequence[str], analyzer: str) -> Iterator[Question]:
    """Never the same twice, as long as there are codes."""
    turns = itertools.chain.from_iterable((form.format(code) for code in codes) for form in ASKING)
    for text in itertools.chain(SYMPTOMS, turns):
        yield Question(text, analyzer=analyzer)


def settings(home: Path, model: Path, url: str) -> Settings:
    local = {"kind": "llama-cpp", "path": str(model), "n_threads": 1, "max_tokens": 192, "budget_s": 120.0}
    rows = {
        "greedy": AnalyzerSpec(**local, temperature=0.0),  # type: ignore[arg-type]
        "sampled": AnalyzerSpec(**local, temperature=0.8, seed=7),  # type: ignore[arg-type]
        "stub": AnalyzerSpec(kind="openai", base_url=url, api_key="none", model="stub"),  # type: ignore[call-arg]
    }
    return load(home=home).model_copy(update={"analyzers": rows, "allow_remote": True})


async def drill(services: Services, row: str, count: int) -> Tally:
    codes = sorted(await services.store.codes(services.settings.kb))
    asked = itertools.islice(questions(codes, row), count)
    runs = [(await services.agent.ask(question, LOCAL)).run_id for question in asked]
    tally = Tally()
    for run_id in runs:
        begun = time.perf_counter()
        done = await replay(services, run_id, LOCAL)
        tally.seconds += time.perf_counter() - begun
        tally.replays += 1
        stored = (await services.runs.get(LOCAL, run_id)).pack
        assert stored
        tally.void += stored.voided is not None
        tally.answered += stored.diagnosis.verdict == "answered"
        if not done.equal:
            tally.different.append(done)
    return tally


async def measure(counts: dict[str, int]) -> dict[str, Tally]:
    from tests.analyzers.realest import pairs
    from tests.tiny_models import made

    stub = Stub()
    url = await stub.start()
    model = made(pairs()).gguf
    try:
        with tempfile.TemporaryDirectory() as home:
            async with build(settings(Path(home), model, url)) as services:
                return {name: await drill(services, ROWS[name], count) for name, count in counts.items()}
    finally:
        await stub.stop()


def report(tallies: dict[str, Tally]) -> str:
    lines = [HEAD, *(tally.row(name) for name, tally in tallies.items()), ""]
    different = [(name, each) for name, tally in tallies.items() for each in tally.different]
    if not different:
        return "\n".join([*lines, "Every replay was equal.", ""])
    lines += ["The first token that differs, of each replay that was not equal:", ""]
    for name, each in different:
        first = each.differences[0]
        lines.append(f"- {name}: `{first.place}`, token {first.token}: {first.then!r} → {first.now!r}")
    places = Counter(each.differences[0].place.partition("[")[0] for _, each in different)
    return "\n".join([*lines, "", f"By field: {dict(places)}.", ""])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--report", type=Path)
    parser.add_argument("--share", type=float, default=1.0, help="of the usual numbers")
    given = parser.parse_args()
    counts = {name: max(1, int(count * given.share)) for name, count in COUNTS.items()}
    text = report(asyncio.run(measure(counts)))
    print(text)
    if given.report:
        given.report.write_text(text)


if __name__ == "__main__":
    main()
