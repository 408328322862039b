"""The benchmark over HTTP: it begins by itself, it is told, and only who operates may begin one."""

import asyncio
import json
from pathlib import Path
from xml.etree import ElementTree

import httpx

from app.core.settings import Settings
from app.core.settings.benchmark import BenchmarkSettings
from tests.api.conftest import Client

QUICK = BenchmarkSettings(every=3, quiet_s=0.0, golden=3, recent=2)


async def settled(client: httpx.AsyncClient) -> dict[str, object]:
    for _ in range(400):
        summary: dict[str, object] = (await client.get("/api/v1/benchmark/summary")).json()
        if summary["status"] != "never" and not summary["running"]:
            return summary
        await asyncio.sleep(0.05)
    raise AssertionError("no round came to an end")


async def test_before_the_first_round_the_summary_says_so(client: httpx.AsyncClient) -> None:
    summary = (await client.get("/api/v1/benchmark/summary")).json()
    assert (summary["status"], summary["fastest_model"], summary["models"]) == ("never", None, {})


async def test_questions_bring_a_round_about_and_both_addresses_tell_of_it(serving: Client, settings: Settings) -> None:
    async with serving(benchmark=QUICK) as client:
        for question in ("What is E73-B?", "What is E74-C?", "What is E987-X?"):
            await client.post("/api/v1/debug", json={"question": question})
        summary = await settled(client)
        assert (await client.get("/benchmark/summary")).json() == summary
        assert (summary["status"], summary["request_count"], summary["requests"]) == ("ok", 3, 3)
        assert summary["fastest_model"] == summary["best_model"] == summary["active_model"] == "evidence"
        assert summary["recommendation"]["change"] is False  # type: ignore[index]
        row = summary["models"]["evidence"]  # type: ignore[index]
        assert row["questions"] == 3 + 2  # golden ones, and the two that an analyzer was asked
        assert row["citation_validity"]["share"] == 1.0 and row["fact_coverage"]["n"] > 0
        assert row["p95_latency_ms"] >= row["p50_latency_ms"] > 0 and row["used"]["ram_mb"] > 0
    lines = (Path(settings.home) / "benchmark_results.jsonl").read_text().splitlines()
    (kept,) = map(json.loads, lines)
    assert kept["request_count"] == 3 and "E73" not in lines[0]


async def test_a_round_can_be_asked_for_and_the_history_is_kept_and_drawn(serving: Client) -> None:
    async with serving(benchmark=QUICK) as client:
        begun = await client.post("/api/v1/benchmark/run")
        assert (begun.status_code, begun.json()) == (202, {"status": "running"})
        waited = await client.post("/api/v1/benchmark/run?wait=true")
        assert (waited.status_code, waited.json()["status"], waited.json()["golden"]) == (200, "ok", 3)
        await client.post("/api/v1/benchmark/run?wait=true")
        drawn = await client.get("/api/v1/benchmark/history.svg")
        assert (
            drawn.headers["content-type"].startswith("image/svg+xml") and ElementTree.fromstring(drawn.text) is not None
        )
    async with serving() as again:  # another process, the same home
        assert len((await again.get("/api/v1/benchmark/summary")).json()["history"]) >= 2


async def test_who_may_only_ask_reads_and_does_not_begin(serving: Client) -> None:
    async with serving() as client:
        services = client.services  # type: ignore[attr-defined]
        _, secret = await services.create_key("anna", ["ask"], None)
        _, operator = await services.create_key("olaf", ["operate"], None)
        asks, operates = ({"Authorization": f"Bearer {key}"} for key in (secret, operator))
        assert (await client.get("/api/v1/benchmark/summary", headers=asks)).status_code == 200
        assert (await client.post("/api/v1/benchmark/run", headers=asks)).status_code == 403
        assert (await client.post("/api/v1/benchmark/run", headers=operates)).status_code == 202
        assert (await client.get("/benchmark/summary", headers=operates)).status_code == 403
