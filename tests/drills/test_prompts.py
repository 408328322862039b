"""Langfuse's faults, and experiments in which nothing differs: the report's script, made small."""

import pytest

from tests.bench import peeking, prompt_faults

pytestmark = pytest.mark.slow

FILE, FIRST, SECOND = "analyze@1/default", "analyze@1/default+langfuse", "analyze@2/default+langfuse"
USED = {  # fault -> cold, cached
    "none": (FIRST, FIRST),
    "prompt deleted": (FILE, FILE),
    "label moved": (SECOND, SECOND),
}


async def test_whatever_langfuse_does_every_question_is_answered_at_once() -> None:
    pytest.importorskip("langfuse")
    cells = await prompt_faults.table(pairs=3)
    assert len(cells) == 2 * len(prompt_faults.FAULTS)
    for cell in cells:
        assert cell.answered == cell.asked, cell
        assert cell.used == USED.get(cell.fault, (FILE, FIRST))[cell.cached], cell
        assert cell.room_p99 < 5, cell


def test_looking_all_the_time_finds_little_where_nothing_is_and_much_where_something_is() -> None:
    for row in peeking.nothing_differs(runs=200, longest=1_000):
        assert row.found / row.runs <= 0.08, row  # 5 % and what 200 experiments may be off
        assert row.naive > 2 * row.found
    small, *_, large = [r for r in peeking.something_differs(runs=50, longest=1_000) if r.name.startswith("share")]
    assert large.found == 50 and small.found < 25


def test_a_hundred_thousand_conversations_are_split_fairly() -> None:
    for weights in ((1.0, 1.0), (9.0, 1.0), (2.0, 1.0, 1.0)):
        assert all(abs(has - wanted) < 0.01 for wanted, has in peeking.split(100_000, weights))
