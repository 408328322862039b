"""Prompts and experiments over HTTP."""

import math

import httpx
import pytest

from app.core.errors import InvalidSettings
from app.core.experiment import Exposure, Outcome
from app.core.principal import LOCAL
from app.core.settings.prompts import ExperimentSettings
from tests.api.conftest import Client

TRIAL = {
    "name": "short",
    "arms": {"control": {"use": "file"}, "other": {"use": "label:prod-b", "weight": 1}},
    "unit": "engineer",
    "minimum": 20,
}


async def test_prompts_are_listed_and_shown(client: httpx.AsyncClient) -> None:
    found = {p["name"]: p for p in (await client.get("/api/v1/prompts")).json()["prompts"]}
    assert set(found) == {"analyze", "understand", "verify", "summarise", "judge"}
    assert found["analyze"]["used"] == "analyze@1/default" and found["analyze"]["families"] == ["default", "small"]
    shown = (await client.get("/api/v1/prompts/judge")).json()
    assert shown["text"].startswith("---\nname: judge")
    assert (await client.get("/api/v1/prompts/poem")).status_code == 404
    assert (await client.get("/api/v1/prompts/judge?which=9")).status_code == 404


async def test_an_experiment_begins_stands_and_stops(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/v1/prompts/experiments", json=TRIAL)).status_code == 201
    assert (await client.post("/api/v1/prompts/experiments", json=TRIAL)).status_code == 400
    (found,) = (await client.get("/api/v1/prompts/experiments")).json()["experiments"]
    assert found["decision"] == "too early: 0 of 20 outcomes of thumbs"
    assert [v["minimum"] for v in found["versus"]] == [20, 20, 20]
    drawn = await client.get("/api/v1/prompts/experiments.svg")
    assert drawn.headers["content-type"] == "image/svg+xml" and "short: other, thumbs" in drawn.text
    stopped = await client.post("/api/v1/prompts/experiments/short/stop", json={"reason": "enough"})
    assert stopped.json()["status"] == "stopped"
    assert (await client.post("/api/v1/prompts/experiments/none/stop", json={"reason": "x"})).status_code == 404
    changes = (await client.get("/api/v1/prompts/audit")).json()["changes"]
    assert [(c["action"], c["name"], c["who"]) for c in changes] == [
        ("stop", "short", "local"),
        ("experiment", "short", "local"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"arms": {"a": {"use": "file"}}},
        {"arms": {"a": {"use": "1"}, "b": {"use": "1"}}},
        {"use_case": "poem"},
        {"arms": {"a": {"use": "file"}, "b": {"use": "prod-b"}}},
        {"use_case": "analyzer"},
        {"metric": "beauty"},
        {"minimum": 1},
        {"name": "No Name"},
        {"colour": "blue"},
    ],
)
async def test_an_experiment_that_makes_no_sense_is_refused(
    client: httpx.AsyncClient, change: dict[str, object]
) -> None:
    reply = await client.post("/api/v1/prompts/experiments", json=TRIAL | change)
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_input")


async def test_governance_needs_a_scope(serving: Client) -> None:
    async with serving() as client:
        _, anna = await client.services.create_key("anna", ["ask"], None)  # type: ignore[attr-defined]
        headers = {"Authorization": f"Bearer {anna}"}
        assert (await client.get("/api/v1/prompts/experiments", headers=headers)).status_code == 200
        for path, body in (
            ("experiments", TRIAL),
            ("experiments/x/stop", {"reason": "x"}),
            ("analyze/promote", {"label": "prod", "version": 1}),
        ):
            reply = await client.post(f"/api/v1/prompts/{path}", json=body, headers=headers)
            assert reply.status_code == 403, path
        assert (await client.get("/api/v1/prompts/audit", headers=headers)).status_code == 403


async def test_an_analyzer_experiment_routes_questions_and_counts_what_came(client: httpx.AsyncClient) -> None:
    """Both arms are `evidence`, so that each answer is whole, whoever is met."""
    arms = {"aa": {"use": "evidence"}, "b": {"use": "evidence"}}
    trial = {"name": "twins", "use_case": "analyzer", "arms": arms, "unit": "conversation", "minimum": 20}
    assert (await client.post("/api/v1/prompts/experiments", json=trial)).status_code == 201
    for number in range(12):
        body = {"question": "What is E73-B?", "conversation_id": f"talk-{number}"}
        answer = (await client.post("/api/v1/debug", json=body)).json()
        assert answer["verdict"] == "answered"
        said = {"run_id": answer["run_id"], "thumbs": "up" if number % 2 else "down"}
        assert (await client.post("/api/v1/feedback", json=said)).status_code == 201
    again = {"question": "What is E73-B?", "conversation_id": "talk-0"}
    await client.post("/api/v1/debug", json=again)
    (found,) = (await client.get("/api/v1/prompts/experiments")).json()["experiments"]
    arms_found = {arm["name"]: arm for arm in found["arms"]}
    assert sum(arm["exposed"] for arm in arms_found.values()) == 12
    for metric in ("thumbs", "verified", "latency"):
        assert sum(arm["measured"][metric]["n"] for arm in arms_found.values()) == 12
    thumbs = [arm["measured"]["thumbs"] for arm in arms_found.values()]
    assert sum(m["n"] * m["mean"] for m in thumbs) == pytest.approx(6)


async def test_an_arm_that_does_harm_is_stopped_and_everybody_is_back(client: httpx.AsyncClient) -> None:
    await client.post("/api/v1/prompts/experiments", json=TRIAL | {"minimum": 50})
    desk = client.services.experiments  # type: ignore[attr-defined]
    for number in range(400):
        arm, unit = ("control", "other")[number % 2], f"unit-{number}"
        desk.trials.exposures.append(("main", Exposure("short", unit, arm, f"r{number}", 1.0)))
        slow = math.log(300.0 + number if arm == "control" else 900.0 + number)
        desk.trials.outcomes.append(("main", Outcome("short", unit, "latency", slow, 1.0)))
    await desk.flush()
    await desk.guard()
    assert desk.trials.running == ()
    (found,) = await desk.standings(LOCAL)
    assert found.experiment.status == "stopped" and "other is worse in latency" in found.experiment.reason
    assert found.decision.startswith("stopped: other is worse")
    (stop, _) = await desk.changes.changes(LOCAL, "short")
    assert (stop.action, stop.before, stop.after) == ("stop", "running", "stopped")


async def test_settings_begin_an_experiment_once_and_a_stopped_one_stays_stopped(
    client: httpx.AsyncClient,
) -> None:
    desk = client.services.experiments  # type: ignore[attr-defined]
    spec = ExperimentSettings.model_validate({k: v for k, v in TRIAL.items() if k != "name"})
    await desk.load("main", {"set": spec})
    assert [e.owner for e in desk.trials.running] == ["settings"]
    await desk.stop("set", "main", "enough", LOCAL)
    await desk.load("main", {"set": spec})
    assert desk.trials.running == ()
    assert len(await desk.changes.changes(LOCAL, "set")) == 2
    assert (await desk.log.all(LOCAL))[0].reason == "enough"


async def test_an_experiment_of_the_settings_is_not_changed_under_its_name_and_ends_with_its_line(
    client: httpx.AsyncClient,
) -> None:
    desk = client.services.experiments  # type: ignore[attr-defined]
    spec = ExperimentSettings.model_validate({k: v for k, v in TRIAL.items() if k != "name"})
    await desk.load("main", {"set": spec})
    with pytest.raises(InvalidSettings, match="was something else"):
        await desk.load("main", {"set": spec.model_copy(update={"minimum": 30})})
    await desk.load("main", {})
    assert len(desk.trials.running) == 1  # a command beside the service ends nothing
    await desk.load("main", {}, serve=True)
    assert desk.trials.running == ()
    assert (await desk.log.all(LOCAL))[0].reason == "it is no longer in the settings"
