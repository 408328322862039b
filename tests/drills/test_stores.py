"""A store that is away: what a caller of the service sees of it. `stores.py` prints the whole of it as a table."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("weaviate")

from tests.drills.stores import Row, away, stocked, troubled

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with stocked() as made:
        yield made


def check(row: Row, *, words: set[str]) -> None:
    by_code, by_words, *more = row.answers
    assert by_code.verdict == "answered", row
    assert {seen.verdict for seen in (by_words, *more)} <= words, row
    assert all(seen.degraded for seen in row.answers), row
    assert row.ready == "200, store:weaviate degraded"
    assert row.ingest.startswith("201")
    assert row.back.startswith("by itself")


def test_absent_or_killed_weaviate_costs_words_until_it_is_back(home: Path) -> None:
    for row in away(home, "none"):
        check(row, words={"insufficient_evidence"})


def test_absent_or_killed_weaviate_costs_nothing_with_a_replica(home: Path) -> None:
    for row in away(home, "embedded"):
        check(row, words={"answered"})


def test_a_slow_babbling_or_full_weaviate_is_told_from_a_sound_one(home: Path) -> None:
    for row in troubled(home, "none"):
        check(row, words={"answered"} if "index_behind" in row.answers[0].degraded else {"insufficient_evidence"})
