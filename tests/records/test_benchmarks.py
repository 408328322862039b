"""Benchmark rounds in the records: the newest first, by knowledge base, for who may see it."""

import pytest

from app.core.errors import Forbidden
from app.core.principal import LOCAL, Principal
from app.records.home import Records

READER = Principal("reader", frozenset({"ask"}), frozenset({"main"}))


async def test_rounds_come_back_newest_first_and_apart_by_knowledge_base(records: Records) -> None:
    for number in range(4):
        kb = "other" if number == 3 else "main"
        await records.benchmarks.add(LOCAL, kb, round_id=f"r{number}", status="ok", text=f"round {number}")
    await records.benchmarks.add(LOCAL, "main", round_id="r1", status="ok", text="told again")
    assert list(await records.benchmarks.latest(READER, "main", 2)) == ["round 2", "round 1"]
    assert list(await records.benchmarks.latest(LOCAL, "other", 9)) == ["round 3"]


async def test_only_who_operates_adds_and_only_who_may_ask_reads(records: Records) -> None:
    with pytest.raises(Forbidden):
        await records.benchmarks.add(READER, "main", round_id="r", status="ok", text="")
    with pytest.raises(Forbidden):
        await records.benchmarks.latest(READER, "other", 1)
