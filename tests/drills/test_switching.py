"""A short turn of the drills whose long ones stand in `docs/reports`."""

from pathlib import Path

import pytest

from tests.drills.soak import soak
from tests.drills.switching import drill

pytestmark = pytest.mark.slow


async def test_nothing_is_lost_or_mixed_while_the_active_analyzer_is_switched(tmp_path: Path) -> None:
    still, moving = await drill(tmp_path, requests=200, rate=20, switches=4)
    print(f"\np99 {still.percentile(0.99):.0f} ms without a switch, {moving.percentile(0.99):.0f} ms with four")
    assert (moving.lost, moving.mixed) == ([], [])
    assert len(moving.took) == 200 and set(moving.by) == {"one", "two"}


async def test_a_pool_under_loads_evictions_and_cancels_loses_no_question() -> None:
    made = await soak(0.3, {})
    assert not made.counts["failed"]
    assert made.counts["answered"] and made.counts["cancelled"] and made.counts["switched"]
