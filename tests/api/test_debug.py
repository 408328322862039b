"""A question over HTTP: JSON, events, and every way it can be wrong."""

import json
import re

import httpx
import pytest

from tests.api.conftest import Client

KNOWN = "E73-B"


def events(text: str) -> list[tuple[str, dict[str, object]]]:
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if fields:
            found.append((fields["event"], json.loads(fields["data"]) | {"id": fields["id"]}))
    return found


async def test_a_known_code_is_answered_with_receipts_that_stand_in_the_documents(client: httpx.AsyncClient) -> None:
    reply = await client.post("/api/v1/debug", json={"question": f"{KNOWN}: what do I check first?"})
    assert reply.status_code == 200
    body = reply.json()
    assert body["verdict"] == "answered"
    assert body["schema"] == 1
    assert body["steps"]
    for citation in body["citations"]:
        text = (await client.get(f"/api/v1/documents/{citation['document_id']}")).json()["text"]
        assert text[citation["start"] : citation["end"]] == citation["quote"]


async def test_query_is_another_name_for_question(client: httpx.AsyncClient) -> None:
    reply = await client.post("/api/v1/debug", json={"query": "e73b"})
    assert reply.json()["fault_codes"][0]["code"] == KNOWN


async def test_the_stream_gives_evidence_before_statements_and_ends_with_the_answer(client: httpx.AsyncClient) -> None:
    reply = await client.post("/api/v1/debug/stream", json={"question": KNOWN})
    assert reply.headers["content-type"].startswith("text/event-stream")
    heard = events(reply.text)
    assert [name for name, _ in heard][:2] == ["started", "retrieved"]
    assert heard[-1][0] == "answered"
    assert {name for name, _ in heard[2:-1]} == {"statement"}
    run_id = heard[0][1]["run_id"]
    assert [data["id"] for _, data in heard] == [f"{run_id}:{n}" for n in range(1, len(heard) + 1)]


async def test_a_stream_is_resumed_where_it_was_left(client: httpx.AsyncClient) -> None:
    heard = events((await client.post("/api/v1/debug/stream", json={"question": KNOWN})).text)
    run_id = heard[0][1]["run_id"]
    again = await client.get(f"/api/v1/runs/{run_id}/events", headers={"last-event-id": f"{run_id}:2"})
    assert events(again.text) == heard[2:]


async def test_the_record_of_a_run_can_be_read(client: httpx.AsyncClient) -> None:
    run_id = (await client.post("/api/v1/debug", json={"question": KNOWN})).json()["run_id"]
    row = (await client.get(f"/api/v1/runs/{run_id}")).json()
    assert row["status"] == "answered"
    assert row["pack"]["diagnosis"]["run_id"] == run_id
    assert (await client.delete(f"/api/v1/runs/{run_id}")).status_code == 204


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"question": "E73-B", "colour": "red"}, 400, "invalid_input"),
        ({"question": ""}, 400, "invalid_input"),
        ({"question": "E73-B", "analyzer": "gpt-9"}, 400, "unknown_analyzer"),
        ({"question": "E73-B", "knowledge_base": "Not A Slug"}, 400, "invalid_input"),
        ({"question": "E73-B", "options": {"temperature": 9}}, 400, "invalid_input"),
        ({"question": "x" * 20_001}, 400, "invalid_input"),
    ],
)
async def test_a_wrong_question_is_a_problem_that_says_what_to_do(
    client: httpx.AsyncClient, body: dict[str, object], status: int, code: str
) -> None:
    reply = await client.post("/api/v1/debug", json=body)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["hint"]


@pytest.mark.parametrize(
    "path", ["/api/v1/runs/none", "/api/v1/runs/none/events", "/api/v1/documents/none", "/nothing"]
)
async def test_what_is_not_there_is_a_404_problem(client: httpx.AsyncClient, path: str) -> None:
    reply = await client.get(f"/api/v1{path}")
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


async def test_a_wrong_method_is_a_problem_too(client: httpx.AsyncClient) -> None:
    reply = await client.put("/api/v1/debug")
    assert (reply.status_code, reply.headers["content-type"]) == (405, "application/problem+json")


async def test_a_body_over_the_limit_is_refused_with_or_without_a_told_length(client: httpx.AsyncClient) -> None:
    async def pieces():
        for _ in range(6):
            yield b"x" * 2**20

    for content in (b"x" * (5 * 2**20), pieces()):
        reply = await client.post("/api/v1/debug", content=content, headers={"content-type": "application/json"})
        assert (reply.status_code, reply.json()["code"]) == (413, "too_large")


async def test_a_page_of_another_origin_may_not_act_as_local(client: httpx.AsyncClient) -> None:
    for headers in ({"origin": "http://evil.example"}, {"host": "evil.example"}):
        reply = await client.post("/api/v1/debug", json={"question": KNOWN}, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("header", ["host", "origin"])
async def test_half_an_address_is_no_page_of_ours(client: httpx.AsyncClient, header: str) -> None:
    reply = await client.post("/api/v1/debug", json={"question": KNOWN}, headers={header: "http://[::1"})
    assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")


async def test_a_log_with_halves_of_characters_is_read_as_far_as_it_goes(client: httpx.AsyncClient) -> None:
    body = b'{"log": "\\udcff E73B \\u0000", "attachments": [{"name": "x", "text": "\\ud800"}]}'
    reply = await client.post("/api/v1/debug", content=body, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.json()["verdict"]) == (200, "answered")


@pytest.mark.parametrize("seq", ["\u00b2", "9" * 5000, "-1", "x", ""])
async def test_a_last_event_id_that_is_none_begins_at_the_start(client: httpx.AsyncClient, seq: str) -> None:
    run_id = (await client.post("/api/v1/debug", json={"question": KNOWN})).json()["run_id"]
    headers = {b"last-event-id": f"{run_id}:{seq}".encode("latin-1")}
    reply = await client.get(f"/api/v1/runs/{run_id}/events", headers=headers)
    assert events(reply.text)[0][0] == "started"


async def test_without_a_key_only_this_machine_is_served(serving: Client) -> None:
    async with serving(address="192.0.2.7") as far:
        reply = await far.post("/api/v1/debug", json={"question": KNOWN})
        assert (reply.status_code, reply.json()["code"]) == (401, "not_authenticated")


async def test_with_a_key_made_callers_need_one_and_see_only_their_own_runs(serving: Client) -> None:
    async with serving() as client:
        services = client.services  # type: ignore[attr-defined]
        keys = [(await services.create_key(name, ["ask"], None))[1] for name in ("anna", "bert")]
        anna, bert = ({"authorization": f"Bearer {key}"} for key in keys)
        client.services.gate._rows = (float("-inf"), ())  # type: ignore[attr-defined]  # as if its two seconds were over
        assert (await client.post("/api/v1/debug", json={"question": KNOWN})).status_code == 401
        run_id = (await client.post("/api/v1/debug", json={"question": KNOWN}, headers=anna)).json()["run_id"]
        assert (await client.get(f"/api/v1/runs/{run_id}", headers=anna)).status_code == 200
        assert (await client.get(f"/api/v1/runs/{run_id}", headers=bert)).status_code == 404
        assert (await client.get(f"/api/v1/runs/{run_id}/events", headers=bert)).status_code == 404
        assert (await client.delete(f"/api/v1/runs/{run_id}", headers=bert)).status_code == 404


async def test_health_tells_each_part(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    body = (await client.get("/readyz")).json()
    assert body["ready"] is True
    assert {name: part["state"] for name, part in body["parts"].items()} == {
        "records": "ok",
        "store:embedded": "ok",
        "embedder": "ok",
        "cache": "ok",
        "analyzers": "ok",
        "analyzer:evidence": "ok",
    }


async def test_the_page_of_routes_loads_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    assert "swagger-ui" in page
    assert "https://" not in page
    for asset in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert (await client.get(asset)).status_code == 200


async def test_openapi_describes_the_answer_and_shows_examples(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    schemas = document["components"]["schemas"]
    assert "verdict" in schemas["Diagnosis"]["properties"]
    assert schemas["DebugRequest"]["examples"]
    assert set(schemas["Problem"]["properties"]) >= {"type", "title", "status", "detail", "code", "hint", "retry"}
