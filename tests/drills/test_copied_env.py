"""The day of an operator: 55 questions, a benchmark, another `.env` copied over, 50 more, a second one, the summary."""

import asyncio
import json
import shutil
from typing import Any

import httpx
import pytest

from tests.drills.conftest import Model, Serve

pytestmark = pytest.mark.slow

EVERY = 50
SUMMARY = "/benchmark/summary"


async def asked(client: httpx.AsyncClient, count: int) -> list[str]:
    """-> who answered each."""
    answers = []
    for number in range(count):
        reply = await client.post("/api/v1/debug", json={"question": f"What is E73-B? Question {number}."})
        assert reply.status_code == 200 and reply.json()["verdict"] == "answered"
        answers.append(reply.json()["analyzer"].split("@")[0])
    return answers


async def rounds(client: httpx.AsyncClient, count: int) -> dict[str, Any]:
    """The summary, once so many rounds are in its history."""
    async with asyncio.timeout(180):
        while True:
            summary: dict[str, Any] = (await client.get(SUMMARY)).json()
            if len(summary["history"]) >= count and not summary["running"]:
                return summary
            await asyncio.sleep(0.2)


async def active(client: httpx.AsyncClient, name: str) -> None:
    async with asyncio.timeout(10):
        while (await client.get("/api/v1/models")).json()["active"] != name:
            await asyncio.sleep(0.05)


async def test_fifty_five_questions_another_env_and_fifty_more(serve: Serve, model: Model) -> None:
    await model.plays()
    service = serve(start=False, ANALYZERS=json.dumps({"stub": model.row(budget_s=30)}))
    for name in ("evidence", "stub"):
        (service.folder / f".env.{name}").write_text(f"LLM_MODEL_VERSION={name}\n")
    shutil.copy(service.folder / ".env.evidence", service.folder / ".env")
    service.start()
    async with service.client() as client:
        benchmarked = (await client.get(SUMMARY)).status_code == 200
        assert set(await asked(client, 55)) == {"evidence"}
        first = await rounds(client, 1) if benchmarked else {}
        shutil.copy(service.folder / ".env.stub", service.folder / ".env")
        await active(client, "stub")
        assert set(await asked(client, 50)) == {"stub"}
        if not benchmarked:
            pytest.skip("switched as it should; there is no benchmark in this build")
        second = await rounds(client, 2)
        assert (first["request_count"], second["request_count"]) == (EVERY, 2 * EVERY)
        assert (first["active_model"], second["active_model"]) == ("evidence", "stub")
        assert set(second["models"]) >= {"evidence", "stub"} and second["fastest_model"] in second["models"]
        assert second["recommendation"]["why"]
        lines = (service.home / "benchmark_results.jsonl").read_text().splitlines()
        assert [json.loads(line)["request_count"] for line in lines[:2]] == [EVERY, 2 * EVERY]
