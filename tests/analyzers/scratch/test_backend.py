"""The backend on a real folder: whole answers, fair turns, cancels, limits with numbers, seeds."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from app.analyzers.backends.scratch import ScratchAnalyzer
from app.analyzers.closing import closing
from app.core.brief import Begin, Brief, End, Text
from app.core.errors import (
    AnalyzerContextExceeded,
    AnalyzerTimeout,
    AnalyzerUnavailable,
    InvalidSettings,
)
from app.core.question import Options, Question
from app.core.settings.analyzers import AnalyzerSpec
from app.prompts.files import FilePrompts
from tests.analyzers.scratch import small
from tests.receipts.passages import brake

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

BRIEF = Brief(Question("What is E73-B?"), (brake(),), ("E73-B",), prompts=FilePrompts().load())


def built(folder: Path, **options: object) -> ScratchAnalyzer:
    given = {"kind": "scratch", "path": folder, "max_tokens": 16, "device": "cpu", **options}
    return ScratchAnalyzer("row", AnalyzerSpec.model_validate(given))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.folder(tmp_path_factory.mktemp("model"))


@pytest.fixture
async def analyzer(folder: Path) -> AsyncIterator[ScratchAnalyzer]:
    made = built(folder)
    await made.load()
    yield made
    await made.unload()


async def told(analyzer: ScratchAnalyzer, brief: Brief = BRIEF) -> tuple[Begin, str, End]:
    async with closing(analyzer.stream(brief)) as stream:
        begin, *texts, end = [delta async for delta in stream]
    assert isinstance(begin, Begin) and isinstance(end, End)
    return begin, "".join(text.text for text in texts if isinstance(text, Text)), end


async def test_it_streams_and_counts_its_own_tokens(analyzer: ScratchAnalyzer) -> None:
    begin, text, end = await told(analyzer)
    assert text and end.tokens_out == 16 and end.finish == "length"
    assert begin.prompt.startswith("analyze@") and begin.seed is None
    assert end.tokens_in > analyzer.count(brake().text) > 10


async def test_it_says_what_the_bare_model_says(analyzer: ScratchAnalyzer, folder: Path) -> None:
    """Greedy, without cache, blocks or threads."""
    from app.analyzers.prompting import ask
    from app.analyzers.scratch.checkpoint import load

    model, tokens = load(folder)
    ids = tokens.chat(ask(BRIEF, analyzer.options.model_copy(update={"context": 0})).messages)
    start = len(ids)
    with torch.inference_mode():
        for _ in range(16):
            ids.append(int(model(torch.tensor([ids]))[0, -1, : len(tokens)].argmax()))
    assert (await told(analyzer))[1] == tokens.decode(ids[start:]).rstrip("\ufffd")  # half of a character is not said


async def test_a_seed_repeats_an_answer_and_is_told(folder: Path) -> None:
    warm = built(folder, temperature=1.5)
    await warm.load()
    try:
        asked = replace(BRIEF, options=Options(temperature=1.5, seed=5))
        one, two = await told(warm, asked), await told(warm, asked)
        other = await told(warm, replace(BRIEF, options=Options(temperature=1.5, seed=6)))
        free = await told(warm, replace(BRIEF, options=Options(temperature=1.5)))
    finally:
        await warm.unload()
    assert one[1] == two[1] != other[1]
    assert one[0].seed == 5
    repeated = replace(BRIEF, options=Options(temperature=1.5, seed=free[0].seed))
    await warm.load()
    try:
        assert (await told(warm, repeated))[1] == free[1]
    finally:
        await warm.unload()


async def test_passages_that_do_not_fit_are_left_out_and_named(folder: Path, analyzer: ScratchAnalyzer) -> None:
    brief = replace(BRIEF, evidence=tuple(replace(brake(), id=f"p{number}") for number in range(6)))
    begun, _, ended = await told(analyzer, brief)
    whole = ended.tokens_in
    assert begun.dropped == ()
    tight = built(folder, context=whole + 16 - 1)
    exact = built(folder, context=whole + 16)
    for made, dropped in ((tight, ("p5",)), (exact, ())):
        await made.load()
        try:
            begin, _, end = await told(made, brief)
            assert begin.dropped == dropped and end.tokens_in + 16 <= made.identity.context
        finally:
            await made.unload()


async def test_what_does_not_fit_at_all_is_refused_with_numbers(analyzer: ScratchAnalyzer) -> None:
    with pytest.raises(AnalyzerContextExceeded, match=r"reads 4096 tokens.*takes \d{5}"):
        await told(analyzer, replace(BRIEF, question=Question("E73-B " * 9000)))


async def test_answers_in_the_making_take_turns(folder: Path) -> None:
    made = built(folder, max_tokens=64, parallel=2)
    await made.load()
    order: list[int] = []

    async def listen(number: int) -> None:
        async for delta in made.stream(BRIEF):
            order.extend([number] * isinstance(delta, Text))

    try:
        await asyncio.gather(listen(0), listen(1))
    finally:
        await made.unload()
    assert sum(one != other for one, other in pairwise(order)) > len(order) / 4


async def test_who_leaves_frees_the_place_with_the_step_it_is_in(folder: Path) -> None:
    made = built(folder, max_tokens=2000, parallel=1)
    await made.load()
    try:
        async with closing(made.stream(BRIEF)) as left:
            for _ in range(4):
                await anext(left)
        waiting = asyncio.create_task(told(made, replace(BRIEF, options=Options(max_tokens=3))))
        assert (await asyncio.wait_for(waiting, 10))[2].tokens_out == 3
    finally:
        await made.unload()


async def test_a_deadline_that_has_passed_ends_the_answer(analyzer: ScratchAnalyzer) -> None:
    with pytest.raises(AnalyzerTimeout, match="after 0 tokens"):
        await told(analyzer, replace(BRIEF, deadline=time.monotonic()))


async def test_unloading_ends_answers_under_way_with_an_error(folder: Path) -> None:
    made = built(folder, max_tokens=2000)
    await made.load()
    stream = made.stream(BRIEF)
    await anext(stream)
    await made.unload()
    with pytest.raises(AnalyzerUnavailable):
        async for _ in stream:
            pass
    with pytest.raises(AnalyzerUnavailable, match="not loaded"):
        await told(made)


async def test_identity_is_that_of_the_weights(folder: Path, tmp_path: Path) -> None:
    other = small.folder(tmp_path / "other", seed=1)
    assert built(folder).identity.digest == built(folder).identity.digest != built(other).identity.digest
    assert built(folder).identity.version == folder.name


async def test_the_footprint_covers_the_weights_and_the_caches(folder: Path) -> None:
    small_one, large = built(folder, parallel=1).footprint, built(folder, parallel=8).footprint
    assert small_one.ram > (folder / "model.safetensors").stat().st_size
    assert large.ram - small_one.ram == 7 * 4096 * 2 * 2 * 2 * 16 * 4  # positions, keys and values, layers, heads, d


async def test_a_folder_that_is_not_there_is_told_at_load_not_before(tmp_path: Path) -> None:
    made = built(tmp_path / "nowhere")
    assert made.identity.digest and made.footprint.ram == 0
    with pytest.raises(AnalyzerUnavailable, match=r"config\.json"):
        await made.load()


def test_an_option_out_of_range_is_named() -> None:
    with pytest.raises(InvalidSettings, match=r"analyzers\.row\.top_p"):
        built(Path("x"), top_p=0)
