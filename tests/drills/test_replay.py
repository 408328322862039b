"""Runs of every kind come out of a replay as they were: a share of what the report measures."""

import pytest

from tests.drills.replay import measure

pytest.importorskip("llama_cpp")
pytest.importorskip("torch")
pytestmark = pytest.mark.slow


async def test_each_analyzer_says_again_what_it_said() -> None:
    tallies = await measure({"evidence": 40, "llama-cpp, greedy": 4, "llama-cpp, sampled": 4, "model stub": 10})
    for name, tally in tallies.items():
        assert tally.replays, name
        assert [each.differences[0] for each in tally.different] == [], name
