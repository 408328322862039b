"""Analyzers over HTTP: who may see them, who may change what serves, and what is told when that cannot be."""

import httpx
import pytest

from app.core.settings.analyzers import AnalyzerSpec
from tests.api.conftest import Client

ROWS = {
    "quoting": AnalyzerSpec(kind="evidence"),
    "dead": AnalyzerSpec.model_validate(
        {"kind": "openai", "model": "m", "base_url": "http://127.0.0.1:9", "retries": 0}
    ),
}
QUESTION = {"question": "What is E73-B?"}


async def test_they_are_listed_with_state_stage_and_memory(serving: Client) -> None:
    async with serving(analyzers=ROWS) as client:
        body = (await client.get("/api/v1/models")).json()
        assert body["active"] == "evidence" and body["memory"]["budget"]["ram"] > 0
        rows = {row["name"]: row for row in body["models"]}
        assert set(rows) == {"evidence", "quoting", "dead"}
        assert (rows["evidence"]["stage"], rows["quoting"]["stage"]) == ("qualified", "candidate")
        assert rows["evidence"]["active"] and rows["evidence"]["state"] == "ready"
        assert (await client.get("/api/v1/models/quoting")).json()["kind"] == "evidence"
        assert (await client.get("/api/v1/models/nobody")).json()["code"] == "unknown_analyzer"


@pytest.mark.parametrize("path", ["/api/v1/model/switch/quoting", "/model/switch/quoting"])
async def test_a_switch_says_so_and_the_next_answer_is_of_the_new_one(serving: Client, path: str) -> None:
    async with serving(analyzers=ROWS) as client:
        refused = await client.post(path)
        assert refused.status_code == 409 and "qualify quoting" in refused.json()["hint"]
        reply = await client.post(path, json={"reason": "the drill"})
        assert reply.json() == {"status": "switched", "active_model": "quoting"}
        answer = (await client.post("/api/v1/debug", json=QUESTION)).json()
        assert answer["analyzer"].startswith("quoting@")
        back = await client.post("/model/switch/evidence")
        assert back.json()["active_model"] == "evidence"


async def test_one_that_does_not_answer_is_not_switched_to(serving: Client) -> None:
    async with serving(analyzers=ROWS) as client:
        reply = await client.post("/model/switch/dead", json={"reason": "the drill"})
        assert (reply.status_code, reply.json()["code"]) == (503, "analyzer_unreachable")
        assert (await client.get("/api/v1/models")).json()["active"] == "evidence"
        assert (await client.post("/model/switch/nobody")).status_code == 400


async def test_load_unload_and_stage(serving: Client) -> None:
    async with serving(analyzers=ROWS) as client:
        assert (await client.post("/api/v1/models/quoting/unload")).json()["state"] == "idle"
        assert (await client.post("/api/v1/models/quoting/load")).json()["state"] == "ready"
        assert (await client.post("/api/v1/models/quoting/stage", json={"stage": "shadow"})).json()["stage"] == "shadow"
        assert (await client.post("/api/v1/models/quoting/stage", json={"stage": "qualified"})).status_code == 400
        told = await client.post("/api/v1/models/quoting/qualify", json={"reason": "the drill"})
        assert told.json()["stage"] == "qualified" and "override by local" in told.json()["told"]


async def test_who_may_only_ask_sees_them_and_changes_nothing(serving: Client) -> None:
    async with serving(analyzers=ROWS) as client:
        _, key = await client.services.create_key("anna", ["ask"], None)  # type: ignore[attr-defined]
        headers = {"Authorization": f"Bearer {key}"}
        assert (await client.get("/api/v1/models", headers=headers)).status_code == 200
        for path, body in (
            ("/model/switch/quoting", {"reason": "x"}),
            ("/api/v1/models/quoting/load", None),
            ("/api/v1/models/quoting/unload", None),
            ("/api/v1/models/quoting/qualify", {"reason": "x"}),
            ("/api/v1/models/quoting/stage", {"stage": "shadow"}),
        ):
            assert (await client.post(path, json=body, headers=headers)).status_code == 403
        assert (await client.post("/model/switch/quoting")).status_code == 401


async def test_readyz_tells_who_is_active_and_what_is_held(serving: Client) -> None:
    async with serving(analyzers=ROWS, analyzer="quoting") as client:
        part = (await client.get("/readyz")).json()["parts"]["analyzers"]
        assert part["state"] == "ok"
        assert part["told"].startswith("active quoting (candidate), 0.00 GiB of ")


@pytest.mark.slow
async def test_an_analyzer_that_passes_the_golden_questions_is_qualified(serving: Client) -> None:
    """`quoting` is the evidence analyzer under a name of its own: it must pass what `evidence` is measured with."""
    async with serving(analyzers=ROWS) as client:
        exam = (await client.post("/api/v1/models/quoting/qualify", timeout=300)).json()
        print(f"\n{exam}")
        assert exam["why_not"] == "" and exam["n"] >= 50 and exam["low"] >= 0.5 and exam["errors"] == 0
        assert (await client.get("/api/v1/models/quoting")).json()["stage"] == "qualified"
        assert (await client.post("/model/switch/quoting")).json()["active_model"] == "quoting"
        failed = (await client.post("/api/v1/models/dead/qualify", timeout=300)).json()
        assert "had no answer of its own" in failed["why_not"]
        assert (await client.get("/api/v1/models/dead")).json()["stage"] == "candidate"


async def test_the_client_fixture_has_no_more_than_evidence(client: httpx.AsyncClient) -> None:
    assert [row["name"] for row in (await client.get("/api/v1/models")).json()["models"]] == ["evidence"]
