"""The waterfall without a collector, and who may see it, with the real records."""

from typing import Any

from app.core.settings import Settings
from app.core.settings.gate import GateSettings
from app.services.traces import of_runs, waterfall
from app.telemetry import spans
from app.telemetry.ring import Span
from tests.telemetry.house import House, house

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SHARED = CALLER[3:35]


async def as_(at: House, name: str, *scopes: str, kbs: tuple[str, ...] | None = None) -> dict[str, str]:
    _, key = await at.services.create_key(name, scopes or ("ask",), kbs)
    return {"authorization": f"Bearer {key}"}


async def traces(at: House, headers: dict[str, str]) -> list[dict[str, Any]]:
    reply = await at.client.get("/api/v1/traces", headers=headers)
    assert reply.status_code == 200, reply.text
    return list(reply.json()["traces"])


async def test_a_waterfall_tells_where_the_time_of_an_answer_went(settings: Settings) -> None:
    async with house(settings) as at:
        diagnosis = await at.ask(analyzer="stub")
        newest = (await at.client.get("/api/v1/traces")).json()["traces"][0]
        whole = (await at.client.get(f"/api/v1/traces/{diagnosis['trace_id']}")).json()
    assert newest["trace_id"] == diagnosis["trace_id"]
    assert newest["run_ids"] == [diagnosis["run_id"]]
    assert newest["spans"] == []
    rows = [(bar["depth"], bar["name"]) for bar in whole["spans"]]
    assert rows[:2] == [(0, "POST /api/v1/debug"), (1, "invoke_agent rail-debug")]
    assert (3, "chat stub@tiny") in rows
    assert (4, "prompt") in rows
    first = whole["spans"][0]
    assert (first["offset_ms"], whole["errors"]) == (0.0, 0)
    for bar in whole["spans"]:
        assert bar["offset_ms"] >= 0
        assert bar["offset_ms"] + bar["ms"] <= whole["ms"] + 0.01


async def test_nobody_sees_the_traces_of_another(settings: Settings) -> None:
    async with house(settings, gate=GateSettings(approval=False)) as at:
        anna, ben, admin = await as_(at, "anna"), await as_(at, "ben"), await as_(at, "root", "admin")
        hers = await at.ask(headers=anna)
        his = await at.ask(headers=ben)
        assert [trace["trace_id"] for trace in await traces(at, anna)] == [hers["trace_id"]]
        assert [trace["trace_id"] for trace in await traces(at, ben)] == [his["trace_id"]]
        assert {hers["trace_id"], his["trace_id"]} <= {trace["trace_id"] for trace in await traces(at, admin)}
        reply = await at.client.get(f"/api/v1/traces/{hers['trace_id']}", headers=ben)
        assert reply.status_code == 404
        assert (await at.client.get(f"/api/v1/traces/{'0' * 32}", headers=ben)).json()["code"] == reply.json()["code"]
        assert (await at.client.get("/api/v1/traces")).status_code == 401


async def test_to_name_another_s_trace_as_one_s_own_shows_nothing_of_it(settings: Settings) -> None:
    async with house(settings, gate=GateSettings(approval=False)) as at:
        anna, ben = await as_(at, "anna"), await as_(at, "ben")
        hers = await at.ask(headers={**anna, "traceparent": CALLER})
        his = await at.ask(headers={**ben, "traceparent": CALLER})
        assert hers["trace_id"] == his["trace_id"] == SHARED
        for headers, own, other in ((anna, hers, his), (ben, his, hers)):
            page = await at.client.get(f"/api/v1/traces/{SHARED}", headers=headers)
            assert page.json()["run_ids"] == [own["run_id"]]
            assert other["run_id"] not in page.text
            assert len(page.json()["spans"]) >= 8


async def test_feedback_stands_in_the_trace_of_the_answer(settings: Settings) -> None:
    async with house(settings) as at:
        diagnosis = await at.ask()
        with spans.feedback(diagnosis["trace_id"], -1.0, diagnosis["run_id"]):
            pass
        whole = (await at.client.get(f"/api/v1/traces/{diagnosis['trace_id']}")).json()
    by_name = {bar["name"]: bar for bar in whole["spans"]}
    assert by_name["feedback"]["parent_id"] == by_name["invoke_agent rail-debug"]["span_id"]
    assert by_name["feedback"]["attributes"]["user.feedback.score"] == -1.0


async def test_a_run_that_goes_on_after_a_decision_is_linked_to_where_it_began(settings: Settings) -> None:
    async with house(settings, gate=GateSettings(approval=True)) as at:
        diagnosis = await at.ask("E43-A: what do I check?")  # its document says to isolate the door leaf
        assert diagnosis["verdict"] == "awaiting_approval"
        row = await at.client.post(
            f"/api/v1/approvals/{diagnosis['run_id']}", json={"decision": "approve", "reason": "seen"}
        )
        assert row.status_code == 200, row.text
        later = row.json()["trace_id"]
        whole = (await at.client.get(f"/api/v1/traces/{later}")).json()
        first = (await at.client.get(f"/api/v1/traces/{diagnosis['trace_id']}")).json()
    agent = next(bar for bar in whole["spans"] if bar["name"].startswith("invoke_agent"))
    assert later != diagnosis["trace_id"]
    assert agent["links"] == [diagnosis["trace_id"]]
    assert first["errors"] == 0


def span(name: str, span_id: str, parent_id: str, at: int, **attributes: object) -> Span:
    return Span("t", span_id, parent_id, name, at, at + 10, attributes)


def test_spans_of_a_loop_or_without_a_root_are_drawn_all_the_same() -> None:
    orphan = [span("b", "2", "1", 5), span("c", "3", "2", 6)]
    assert [(bar.name, bar.depth) for bar in waterfall(orphan, 5)] == [("b", 0), ("c", 1)]
    ring = [span("a", "1", "2", 1), span("b", "2", "1", 2)]
    assert waterfall(ring, 1) == []
    assert of_runs(ring, {"r"}) == []
