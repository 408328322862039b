"""Steps that isolate or operate, over HTTP with real keys: held for the asker, released once, by a named person."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.drills.conftest import Serve, Service, listen
from tests.drills.judge import Diagnosis, check_order, check_receipts

pytestmark = pytest.mark.slow

ASKED = {"question": "E43-A: what do I check?"}  # its document says to isolate the door leaf
WHY = {"reason": "The unit stands in the depot."}


@pytest.fixture(scope="module")
def service(serve: Serve) -> Service:
    made = serve(start=False)
    for name, scope in (("asker", "ask"), ("chief", "approve"), ("deputy", "approve")):
        done = made.shell("keys", "create", name, "--scope", scope, "--json")
        made.keys[name] = json.loads(done.stdout)["key"]
    return made.start()


async def ask(service: Service) -> Diagnosis:
    async with service.client("asker") as asker:
        reply = await asker.post("/api/v1/debug", json=ASKED)
        assert reply.status_code == 200
        return reply.json()


async def decide(service: Service, who: str, run_id: str, decision: str = "approve") -> httpx.Response:
    async with service.client(who) as client:
        return await client.post(f"/api/v1/approvals/{run_id}", json={"decision": decision, **WHY})


async def secret(service: Service, run_id: str) -> str:
    """The text of the held step, which only who may approve can read."""
    async with service.client("chief") as chief:
        runs = (await chief.get("/api/v1/approvals")).json()["runs"]
    (run,) = [run for run in runs if run["id"] == run_id]
    (step,) = [step for step in run["pack"]["diagnosis"]["steps"] if step["held"]]
    assert step["action"] == "isolate"
    return step["text"]


def spoken(value: Any) -> str:
    """Everything, the passages too: a held step is not to be read beside the answer either."""
    if isinstance(value, dict):
        return " ".join(map(spoken, value.values()))
    return " ".join(map(spoken, value)) if isinstance(value, list) else str(value)


async def test_what_is_held_is_told_to_the_asker_at_no_door(service: Service) -> None:
    diagnosis = await ask(service)
    text = await secret(service, diagnosis["run_id"])
    assert diagnosis["verdict"] == "awaiting_approval"
    assert [step["held"] for step in diagnosis["steps"]].count(True) == 1
    assert [step for step in diagnosis["steps"] if not step["held"]]
    async with service.client("asker") as asker:
        events = [event async for event in listen(asker, ASKED)]
        run_id = check_order(events)["run_id"]
        again = (await asker.get(f"/api/v1/runs/{run_id}/events")).text
        record = (await asker.get(f"/api/v1/runs/{run_id}")).json()
        waiting = (await asker.get("/api/v1/approvals")).json()
        await check_receipts(asker, diagnosis)
    heard = [json.loads(line[6:]) for line in again.splitlines() if line.startswith("data: ")]
    assert record["status"] == "awaiting_approval"
    assert waiting == {"runs": []}
    for told in (diagnosis, [data for _, data in events], heard, record):
        assert text not in spoken(told)
        assert "Held until a named person releases it." in spoken(told)
    assert text in spoken([step | {"text": text} for step in diagnosis["steps"]])  # the search would see it


async def test_the_asker_cannot_release_and_a_stranger_is_told_nothing(service: Service) -> None:
    run_id = (await ask(service))["run_id"]
    reply = await decide(service, "asker", run_id)
    assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")
    async with httpx.AsyncClient() as stranger:
        for path in (f"runs/{run_id}", "approvals"):
            assert (await stranger.get(f"{service.url}/api/v1/{path}")).status_code == 401
    assert (await decide(service, "chief", "none")).status_code == 404


async def test_a_release_completes_the_answer_for_everybody_and_names_who_and_why(service: Service) -> None:
    run_id = (await ask(service))["run_id"]
    text = await secret(service, run_id)
    reply = await decide(service, "chief", run_id)
    assert (reply.status_code, reply.json()["verdict"]) == (200, "answered")
    async with service.client("asker") as asker:
        record = (await asker.get(f"/api/v1/runs/{run_id}")).json()
        await check_receipts(asker, record["pack"]["diagnosis"])
    assert record["status"] == "answered"
    assert text in [step["text"] for step in record["pack"]["diagnosis"]["steps"]]
    (decision,) = record["pack"]["decisions"]
    assert (decision["who"], decision["decision"], decision["reason"]) == ("chief", "approve", WHY["reason"])


async def test_a_refusal_takes_the_step_away(service: Service) -> None:
    run_id = (await ask(service))["run_id"]
    text = await secret(service, run_id)
    assert (await decide(service, "deputy", run_id, "reject")).json()["verdict"] == "rejected"
    async with service.client("asker") as asker:
        record = (await asker.get(f"/api/v1/runs/{run_id}")).json()
    assert record["status"] == "rejected"
    assert text not in [step["text"] for step in record["pack"]["diagnosis"]["steps"]]


async def test_of_two_who_decide_at_the_same_moment_one_is_first(service: Service) -> None:
    for _ in range(8):
        run_id = (await ask(service))["run_id"]
        replies = await asyncio.gather(
            decide(service, "chief", run_id, "approve"), decide(service, "deputy", run_id, "reject")
        )
        assert sorted(reply.status_code for reply in replies) == [200, 409]
        (won,) = [reply.json() for reply in replies if reply.status_code == 200]
        async with service.client("asker") as asker:
            record = (await asker.get(f"/api/v1/runs/{run_id}")).json()
        assert record["pack"]["diagnosis"]["verdict"] == won["verdict"]
        (decision,) = record["pack"]["decisions"]
        expected = ("chief", "approve") if won["verdict"] == "answered" else ("deputy", "reject")
        assert (decision["who"], decision["decision"]) == expected
        assert (await decide(service, "chief", run_id)).status_code == 409


async def test_a_held_step_outlives_the_process_that_held_it(service: Service) -> None:
    run_id = (await ask(service))["run_id"]
    text = await secret(service, run_id)
    service.kill()
    service.start()
    assert await secret(service, run_id) == text
    async with service.client("asker") as asker:
        assert text not in spoken((await asker.get(f"/api/v1/runs/{run_id}")).json())
    reply = await decide(service, "chief", run_id)
    assert (reply.status_code, reply.json()["verdict"]) == (200, "answered")
    assert text in [step["text"] for step in reply.json()["steps"]]
