"""The failover drill at a few places; all of them are `python -m tests.drills.failover`."""

import pytest

from tests.drills.doors import DOORS
from tests.drills.failover import FAULTS, places, run

pytestmark = pytest.mark.slow


async def test_no_answer_is_lost_and_none_is_spliced_whatever_fails_wherever() -> None:
    rows, gone = await run(positions=3, asked=10)
    assert set(rows) == {(fault, door) for fault in FAULTS for door in DOORS}
    assert {key: (row.lost, row.spliced, row.wrong) for key, row in rows.items() if row.lost or row.spliced} == {}
    assert all(row.runs == 3 for row in rows.values())
    assert {door for (_, door), row in rows.items() if row.withdrawn} == {"OpenAI"}
    assert gone.answered == gone.told == gone.asked == 10


def test_the_places_are_spread_from_the_first_token_to_the_last() -> None:
    assert places(240, 60)[0] == 0 and places(240, 60)[-1] == 239 and len(places(240, 60)) == 60
    assert places(3, 60) == [0, 1, 2]
