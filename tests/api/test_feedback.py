"""Feedback over HTTP: only of one's own runs, credited to who answered, and exported as cases."""

import json
import re
from pathlib import Path

import httpx
import pytest

from app.analyzers.benchmark.base import Opinion
from app.core.principal import LOCAL
from app.evaluate.cases import read
from app.services.benchmarking import Said
from tests.api.conftest import Client


async def asked(client: httpx.AsyncClient, question: str = "What is E73-B?", **headers: str) -> dict[str, object]:
    reply = await client.post("/api/v1/debug", json={"question": question}, headers=headers)
    found: dict[str, object] = reply.json()
    return found


async def test_feedback_is_tied_to_run_and_analyzer(client: httpx.AsyncClient) -> None:
    answer = await asked(client)
    body = {"run_id": answer["run_id"], "thumbs": "up", "closed_case": True}
    reply = await client.post("/api/v1/feedback", json=body)
    assert reply.status_code == 201
    assert reply.json() == {"run_id": answer["run_id"], "prompt": "", "analyzer": answer["analyzer"]}
    (row,) = await client.services.feedback.rows.list(LOCAL, "main")  # type: ignore[attr-defined]
    assert row.feedback.thumbs == "up" and row.feedback.closed_case
    assert row.credit.trace_id == answer["trace_id"]


async def test_a_thumb_stands_in_the_trace_of_its_answer_and_beside_its_analyzer(client: httpx.AsyncClient) -> None:
    answer = await asked(client)
    await client.post(
        "/api/v1/feedback", json={"run_id": answer["run_id"], "thumbs": "up", "corrected_cause": "A leak"}
    )
    trace = (await client.get(f"/api/v1/traces/{answer['trace_id']}")).text
    assert '"user.feedback.score":1.0' in trace.replace(" ", "")
    said = await Said(client.services.feedback.rows, "main").opinions()  # type: ignore[attr-defined]
    assert said == {"evidence": Opinion(thumbs_up=1, thumbs=1, corrected=1, closed=1)}


async def test_who_thinks_again_replaces_what_they_said(client: httpx.AsyncClient) -> None:
    answer = await asked(client)
    for thumbs in ("up", "down"):
        await client.post("/api/v1/feedback", json={"run_id": answer["run_id"], "thumbs": thumbs})
    (row,) = await client.services.feedback.rows.list(LOCAL, "main")  # type: ignore[attr-defined]
    assert row.feedback.thumbs == "down"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"run_id": "none", "thumbs": "up"}, 404),
        ({"thumbs": "up"}, 400),
        ({"run_id": "x", "thumbs": "sideways"}, 400),
        ({"run_id": "x", "score": 1}, 400),
        ({"run_id": "x"}, 400),
        ({"run_id": "x", "text": "   "}, 400),
        ({"run_id": "x", "text": "x" * 4_001}, 400),
    ],
)
async def test_what_is_no_feedback_is_refused(client: httpx.AsyncClient, body: object, status: int) -> None:
    reply = await client.post("/api/v1/feedback", json=body)
    assert reply.status_code == status
    assert reply.json()["code"] in {"not_found", "invalid_input"}


async def test_nobody_speaks_of_a_run_of_another(serving: Client) -> None:
    async with serving() as client:
        services = client.services  # type: ignore[attr-defined]
        anna, boris, root = [
            {"Authorization": f"Bearer {(await services.create_key(name, [scope], None))[1]}"}
            for name, scope in (("anna", "ask"), ("boris", "ask"), ("root", "admin"))
        ]
        answer = await asked(client, **anna)
        body = {"run_id": answer["run_id"], "thumbs": "down"}
        assert (await client.post("/api/v1/feedback", json=body)).status_code == 401
        assert (await client.post("/api/v1/feedback", json=body, headers=boris)).status_code == 404
        assert (await client.post("/api/v1/feedback", json=body, headers=anna)).status_code == 201
        assert (await client.post("/api/v1/feedback", json=body, headers=root)).status_code == 201


async def test_feedback_becomes_cases_that_the_evaluation_reads(client: httpx.AsyncClient, tmp_path: Path) -> None:
    liked, wrong = await asked(client), await asked(client, "What is E12-A?")
    await client.post("/api/v1/feedback", json={"run_id": liked["run_id"], "thumbs": "up"})
    said = {"run_id": wrong["run_id"], "thumbs": "down", "corrected_cause": "Chafed cable (X12)", "text": "no"}
    await client.post("/api/v1/feedback", json=said)
    lines = [line async for line in client.services.feedback.export(LOCAL, "main")]  # type: ignore[attr-defined]
    (tmp_path / "cases.jsonl").write_text("\n".join(lines))
    first, second = read(tmp_path / "cases.jsonl")
    assert first.question.text == "What is E73-B?" and first.answerable
    cited = {(c["source"], c["start"], c["end"]) for c in liked["citations"]}  # type: ignore[attr-defined]
    assert {(place.source, place.start, place.end) for place in first.gold} == cited != set()
    assert second.gold == () and second.answerable
    assert re.search(second.facts[0], "It was a chafed  cable, x12.")
    kept = json.loads(lines[1])
    assert kept["feedback"]["text"] == "no" and kept["passages"] and kept["answer"]["verdict"] == "unknown_code"
