import pytest

from app.analyzers.fit import FRAME, fit, tokens
from app.core.errors import AnalyzerContextExceeded
from app.core.question import Turn
from tests.receipts.passages import passage

PASSAGES = [passage("word " * 60, name=f"p{n}") for n in range(3)]
TURNS = [Turn("user", "word " * 60) for _ in range(3)]
ONE = tokens("word " * 60) + FRAME


@pytest.mark.parametrize(
    ("room", "passages", "turns"), [(ONE, 1, 0), (3 * ONE, 3, 0), (4 * ONE, 3, 1), (9 * ONE, 3, 3)]
)
def test_the_best_passages_come_first_and_then_the_newest_turns(room: int, passages: int, turns: int) -> None:
    kept, told = fit(PASSAGES, TURNS, 10, room + 10)
    assert kept == tuple(PASSAGES[:passages]) and told == tuple(TURNS[3 - turns :])


def test_no_room_for_a_single_passage_is_an_error() -> None:
    with pytest.raises(AnalyzerContextExceeded):
        fit(PASSAGES, (), 10, ONE)
    with pytest.raises(AnalyzerContextExceeded):
        fit((), (), 20, 10)


def test_the_estimate_is_on_the_safe_side_for_words_codes_and_other_scripts() -> None:
    assert tokens("brake pipe pressure") >= 4
    assert tokens("E73-B") >= 4 and tokens("0x3F2A|12:33:04.221") >= 14
    assert tokens("日本語") >= 6
