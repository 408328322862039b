"""A brief becomes tokens: fitted by exact counts, or refused with them."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.analyzers.local.options import LocalOptions
from app.analyzers.local.request import build
from app.core.brief import Brief, Turn
from app.core.errors import AnalyzerContextExceeded, AnalyzerError
from app.core.question import Options, Question
from app.prompts.files import FilePrompts
from tests.receipts.passages import passage

PROMPTS = FilePrompts().load()
PASSAGES = tuple(passage("word " * 100, name=f"p{n}") for n in range(8))
BRIEF = Brief(Question("What now?"), PASSAGES, prompts=PROMPTS)
OWN = LocalOptions(max_tokens=50)


def words(messages: Sequence[tuple[str, str]]) -> list[int]:
    """A tokenizer of words, which knows nothing."""
    return [0 for _, text in messages for _ in text.split()]


def size(brief: Brief) -> int:
    return len(build(brief, OWN, words, 10**6).tokens)


def test_what_fits_is_kept_whole() -> None:
    request = build(BRIEF, OWN, words, size(BRIEF) + 50)
    assert request.dropped == () and request.limit == 50 and request.prompt == "analyze@1/default"


@pytest.mark.parametrize("kept", range(1, 8))
def test_one_token_too_many_drops_the_worst_passages_and_no_more(kept: int) -> None:
    fits = size(replace(BRIEF, evidence=PASSAGES[:kept]))
    request = build(BRIEF, OWN, words, fits + 50)
    assert request.dropped == tuple(p.id for p in PASSAGES[kept:]) and len(request.tokens) == fits
    if kept > 1:
        less = build(BRIEF, OWN, words, fits + 49)
        assert less.dropped == tuple(p.id for p in PASSAGES[kept - 1 :])


def test_passages_come_before_turns_and_the_newest_turns_first() -> None:
    talk = replace(BRIEF, history=tuple(Turn("user", f"turn {n} " * 50) for n in range(4)))
    without = size(BRIEF)
    turn = size(replace(talk, history=talk.history[:1])) - without
    for turns in range(4):
        request = build(talk, OWN, words, without + turns * turn + 50)
        assert request.dropped == () and len(request.tokens) == without + turns * turn


def test_a_question_without_room_for_a_passage_is_refused_with_numbers() -> None:
    one = size(replace(BRIEF, evidence=PASSAGES[:1]))
    with pytest.raises(AnalyzerContextExceeded, match=f"take {one} tokens, and there is room for {one - 1}"):
        build(BRIEF, OWN, words, one + 49)
    alone = size(replace(BRIEF, evidence=()))
    with pytest.raises(AnalyzerContextExceeded, match=f"takes {alone} tokens, and there is room for 0"):
        build(replace(BRIEF, evidence=()), OWN, words, 50)


def test_a_caller_may_ask_for_less_and_not_for_more() -> None:
    for asked, given in ((10, 10), (999, 50), (None, 50)):
        assert build(replace(BRIEF, options=Options(max_tokens=asked)), OWN, words, 10**6).limit == given


def test_a_seed_is_told_where_something_is_sampled_and_nowhere_else() -> None:
    warm = replace(BRIEF, options=Options(temperature=0.7))
    assert build(BRIEF, OWN, words, 10**6).seed is None
    assert build(replace(warm, options=Options(temperature=0.7, seed=5)), OWN, words, 10**6).seed == 5
    assert build(warm, LocalOptions(seed=6), words, 10**6).seed == 6
    drawn = {build(warm, OWN, words, 10**6).seed for _ in range(8)}
    assert None not in drawn and len(drawn) > 1


def test_a_brief_without_a_prompt_is_an_error_of_the_analyzer() -> None:
    with pytest.raises(AnalyzerError, match="prompt"):
        build(replace(BRIEF, prompts=None), OWN, words, 10**6)
