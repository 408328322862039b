"""A real Hugging Face model in this process: together with others it says what it says alone."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

for needed in ("torch", "transformers", "peft", "gguf", "llguidance"):
    pytest.importorskip(needed)

from app.analyzers.backends.transformers import TransformersAnalyzer  # noqa: E402
from app.analyzers.closing import closing  # noqa: E402
from app.analyzers.transformers.bases import BASES  # noqa: E402
from app.core import errors  # noqa: E402
from app.core.brief import Begin, Brief, End  # noqa: E402
from app.core.question import Options  # noqa: E402
from app.core.settings.analyzers import AnalyzerSpec  # noqa: E402
from tests.analyzers.contract import text, told  # noqa: E402
from tests.analyzers.realest import BRIEF, LEARNT, NOTHING, pairs  # noqa: E402
from tests.receipts.passages import passage  # noqa: E402
from tests.tiny_models import Made, made  # noqa: E402

pytestmark = pytest.mark.slow
SEEDS = range(6)


class Broken:
    device = "cpu"

    def __call__(self, **_: object) -> None:
        raise RuntimeError("no memory")


@pytest.fixture(scope="module")
def tiny() -> Made:
    return made(pairs())


@pytest.fixture(scope="module")
def wild() -> Made:
    """It has learnt nothing."""
    return made(pairs(), steps=0)


def row(path: Path, **options: object) -> TransformersAnalyzer:
    given = {"kind": "transformers", "path": str(path), "max_tokens": 120, **options}
    return TransformersAnalyzer("row", AnalyzerSpec.model_validate(given))


@asynccontextmanager
async def loaded(path: Path, **options: object) -> AsyncIterator[TransformersAnalyzer]:
    analyzer = row(path, **options)
    await analyzer.load()
    try:
        yield analyzer
    finally:
        await analyzer.unload()


def warm(seed: int | None, words: int = 0, tokens: int = 60) -> Brief:
    """Of different lengths, so that rows of a batch are."""
    evidence = (passage("A door leaf that jams. " * (words + 1), name="p"),)
    return replace(BRIEF, evidence=evidence, options=Options(temperature=1.2, seed=seed, max_tokens=tokens))


async def said(analyzer: TransformersAnalyzer, brief: Brief) -> str:
    return text(await told(analyzer, brief))


async def test_it_says_what_the_weights_know_and_counts_with_their_words(tiny: Made) -> None:
    async with loaded(tiny.folder) as analyzer:
        deltas = await told(analyzer)
        end = deltas[-1]
        assert text(deltas) == LEARNT and isinstance(end, End) and end.finish == "stop"
        assert end.tokens_out == analyzer.count(LEARNT) and end.tokens_in > 500
        assert await said(analyzer, NOTHING) == '{"statements": []}'


async def test_no_more_context_is_used_than_the_model_was_made_for(tiny: Made) -> None:
    async with loaded(tiny.folder, context=100_000) as analyzer:
        assert analyzer.identity.context == 8192


async def test_in_company_each_says_what_it_says_alone(tiny: Made, wild: Made) -> None:
    async with loaded(wild.folder, batch=4, structured="none") as analyzer:
        briefs = [warm(seed, words=7 * seed, tokens=20 + 5 * seed) for seed in SEEDS]
        alone = [await said(analyzer, brief) for brief in briefs]
        assert await asyncio.gather(*(said(analyzer, brief) for brief in briefs)) == alone
        assert len(set(alone)) == len(alone)
    async with loaded(tiny.folder, batch=3) as analyzer:
        answers = await asyncio.gather(*(said(analyzer, brief) for brief in [BRIEF, NOTHING] * 4))
        assert answers == [LEARNT, '{"statements": []}'] * 4


async def test_whatever_a_model_would_say_is_json_of_the_schema(wild: Made) -> None:
    async with loaded(wild.folder, batch=8, max_tokens=300) as analyzer:
        answers = await asyncio.gather(*(told(analyzer, warm(seed, tokens=300)) for seed in range(8)))
    for deltas in answers:
        end = deltas[-1]
        assert text(deltas).startswith("{") and isinstance(end, End)
        if end.finish == "stop":
            assert set(json.loads(text(deltas))) == {"statements"}


async def test_a_seed_that_was_drawn_is_told_and_says_the_same_again(wild: Made) -> None:
    async with loaded(wild.folder, structured="none") as analyzer:
        first = await told(analyzer, warm(None))
        begin = first[0]
        assert isinstance(begin, Begin) and begin.seed is not None
        assert await said(analyzer, warm(begin.seed)) == text(first)


async def test_one_that_leaves_disturbs_nobody_and_frees_its_place(wild: Made) -> None:
    async with loaded(wild.folder, batch=2, structured="none") as analyzer:
        brief = warm(2, tokens=40)
        alone = await said(analyzer, brief)
        staying = asyncio.create_task(said(analyzer, brief))
        for pieces in (1, 2, 4):
            async with closing(analyzer.stream(warm(9, words=40, tokens=100))) as deltas:
                for _ in range(pieces):
                    await anext(deltas, None)
        assert await staying == alone
        assert await said(analyzer, brief) == alone


async def test_rows_share_their_base_and_keep_their_adapter(tiny: Made) -> None:
    async with AsyncExitStack() as rows:
        plain, tuned = [
            await rows.enter_async_context(loaded(tiny.folder, **options))
            for options in ({}, {"adapter": str(tiny.adapter)})
        ]
        assert len(BASES.held) == 1 and plain.identity.digest != tuned.identity.digest
        changed = await said(tuned, BRIEF)
        assert changed != LEARNT == await said(plain, BRIEF)
        mixed = await asyncio.gather(*(said(analyzer, BRIEF) for analyzer in (plain, tuned) * 3))
        assert mixed == [LEARNT, changed] * 3
        await tuned.unload()
        assert len(BASES.held) == 1 and await said(plain, BRIEF) == LEARNT
        await tuned.load()
        assert await said(tuned, BRIEF) == changed
        await plain.unload()
        assert await said(tuned, BRIEF) == changed
    assert not BASES.held


async def test_a_four_bit_base_is_never_merged_and_so_survives_its_adapter(tiny: Made) -> None:
    pytest.importorskip("bitsandbytes")
    async with loaded(tiny.folder, quantization="nf4") as base:
        before = await said(base, BRIEF)
        assert json.loads(before)["statements"]
        async with loaded(tiny.folder, quantization="nf4", adapter=str(tiny.adapter)) as tuned:
            changed = await said(tuned, BRIEF)
            assert changed != before
            assert await asyncio.gather(said(base, BRIEF), said(tuned, BRIEF)) == [before, changed]
        assert await said(base, BRIEF) == before
        assert base.identity.digest != row(tiny.folder).identity.digest
    async with loaded(tiny.folder, quantization="nf4", adapter=str(tiny.adapter)) as fresh:
        assert await said(fresh, BRIEF) == changed


async def test_unloading_in_the_middle_is_an_error_and_no_wait(wild: Made) -> None:
    analyzer = row(wild.folder, structured="none", max_tokens=2000)
    await analyzer.load()
    async with closing(analyzer.stream(warm(3, tokens=2000))) as deltas:
        await anext(deltas, None)
        await anext(deltas, None)
        await analyzer.unload()
        with pytest.raises(errors.AnalyzerUnavailable, match="unloaded"):
            async for _ in deltas:
                pass


async def test_too_many_are_turned_away_and_a_late_one_is_told(wild: Made) -> None:
    async with loaded(wild.folder, waiting=2, batch=1, structured="none") as analyzer:
        tasks = [asyncio.create_task(told(analyzer, warm(n))) for n in range(8)]
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        refused = [error for error in ended if isinstance(error, errors.AnalyzerRateLimited)]
        assert 5 <= len(refused) <= 6 and all(isinstance(e, list) or e in refused for e in ended)
        with pytest.raises(errors.AnalyzerTimeout):
            await told(analyzer, replace(warm(1), deadline=time.monotonic() + 0.001))


async def test_a_step_that_fails_fails_its_answers_and_no_later_one(tiny: Made) -> None:
    async with loaded(tiny.folder) as analyzer:
        assert analyzer._worker and analyzer._worker._model
        model = analyzer._worker._model
        whole, model.adapters.model = model.adapters.model, Broken()
        with pytest.raises(errors.AnalyzerUnavailable, match="no memory"):
            await told(analyzer)
        model.adapters.model = whole
        assert await said(analyzer, BRIEF) == LEARNT


async def test_nothing_is_fetched_from_anywhere(tmp_path: Path, tiny: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    def called(*args: object) -> None:
        raise AssertionError(f"it called out: {args}")

    monkeypatch.setattr(socket.socket, "connect", called)
    monkeypatch.setattr(socket, "getaddrinfo", called)
    with pytest.raises(errors.AnalyzerUnavailable, match="holds no model"):
        await row(Path("mistralai/Mistral-7B-Instruct-v0.3")).load()
    with pytest.raises(errors.AnalyzerUnavailable, match="holds no adapter"):
        await row(tiny.folder, adapter=str(tmp_path)).load()
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(errors.AnalyzerUnavailable, match="cannot be"):
        await row(tmp_path).load()
    async with loaded(tiny.folder) as analyzer:
        assert await said(analyzer, BRIEF) == LEARNT
    assert not BASES.held


async def test_the_estimate_covers_what_is_taken(tiny: Made) -> None:
    before = psutil.Process().memory_info().rss
    analyzer = row(tiny.folder)
    estimate = analyzer.footprint.ram
    await analyzer.load()
    await asyncio.gather(*(told(analyzer) for _ in range(8)))
    assert psutil.Process().memory_info().rss - before <= estimate
    assert row(tiny.folder, adapter=str(tiny.adapter)).footprint.ram < 2**20  # the base is there already
    await analyzer.unload()
    smaller = row(tiny.folder, quantization="nf4").footprint.ram
    assert smaller < estimate < row(tiny.folder, batch=64).footprint.ram
