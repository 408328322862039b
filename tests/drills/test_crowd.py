"""Two hundred questions at once: none is lost, none is mixed up, and the service stays awake meanwhile."""

import asyncio
import json
import statistics
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.drills.conftest import Model, Serve, Service, listen
from tests.drills.judge import check_one_voice, check_receipts

pytestmark = pytest.mark.slow

CROWD = 200
EXPECTED = Path(__file__).parents[1] / "knowledge" / "expected.jsonl"
STRUCK = "SIG_0xA0"  # the stub quotes its whole table row, which reads as an order and is rightly struck
ROWS = [json.loads(line) for line in EXPECTED.read_text().splitlines()]
CODES = [row["code"] for row in ROWS if row["code"] != STRUCK and "vehicle_class" not in row]  # of one meaning


@pytest.fixture(scope="module")
def service(serve: Serve, model: Model) -> Service:
    return serve(ANALYZERS=json.dumps({"stub": model.row(budget_s=30)}))


def question(number: int, analyzer: str) -> dict[str, Any]:
    return {"question": f"{CODES[number % len(CODES)]}, question number {number}", "analyzer": analyzer}


async def by_json(client: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    reply = await client.post("/api/v1/debug", json=body)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def by_events(client: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    return check_one_voice([event async for event in listen(client, body)])


async def pulse(client: httpx.AsyncClient, crowd: asyncio.Future[Any]) -> list[float]:
    """Milliseconds of `/healthz`, asked again and again while the crowd is served."""
    beats = []
    while not crowd.done():
        begun = time.perf_counter()
        assert (await client.get("/healthz")).status_code == 200
        beats.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(0.01)
    return beats


@pytest.mark.parametrize(("door", "analyzer"), [(by_json, "evidence"), (by_json, "stub"), (by_events, "stub")])
async def test_two_hundred_at_once_are_all_answered_each_its_own_question(
    service: Service, model: Model, door: Any, analyzer: str
) -> None:
    await model.plays(delay_s=0.05)
    bodies = [question(number, analyzer) for number in range(CROWD)]
    async with service.client() as client, service.client() as watcher:
        begun = time.perf_counter()
        crowd = asyncio.gather(*(door(client, body) for body in bodies))
        beats = await pulse(watcher, crowd)
        answers, took = await crowd, time.perf_counter() - begun
        print(f"\n{CROWD} by {door.__name__} with {analyzer}: {took:.1f} s, ", end="")
        print(f"/healthz p95 {statistics.quantiles(beats, n=20)[-1]:.0f} ms of {len(beats)}")
        assert len({answer["run_id"] for answer in answers}) == CROWD
        for number, answer in enumerate(answers):
            assert answer["fault_codes"][0]["code"] == CODES[number % len(CODES)]
            assert answer["fault_codes"][0]["known"]
            assert answer["degraded"] == []
        records = await asyncio.gather(*(client.get(f"/api/v1/runs/{answer['run_id']}") for answer in answers))
        for body, answer, record in zip(bodies, answers, records, strict=True):
            row = record.json()
            assert (row["status"], row["question"]["text"]) == ("answered", body["question"])
            assert row["pack"]["diagnosis"] == answer
        for answer in answers[:20]:
            await check_receipts(client, answer)
