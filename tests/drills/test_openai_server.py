"""Questions to a real server that speaks OpenAI's protocol: well, badly, slowly, or not at all."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.drills.conftest import Model, Serve, Service, free_port, listen, read_events
from tests.drills.judge import Diagnosis, check_one_voice, check_receipts, wording

pytestmark = pytest.mark.slow

ASKED = "E73-B after the brake test, what do I check first?"
INVENTED = {"kind": "cause", "text": "The pantograph froze at 900 bar on the moon.", "citations": [1], "quote": ""}
HELD = {"kind": "stall", "at": 3}


@pytest.fixture(scope="module")
def service(serve: Serve, model: Model) -> Service:
    table = {
        "stub": model.row(budget_s=30, retries=1),
        "hasty": model.row(budget_s=0.6, retries=0),
        "gone": model.row(budget_s=5, retries=0, base_url=f"http://127.0.0.1:{free_port()}/v1"),
    }
    return serve(ANALYZERS=json.dumps(table), ANALYZER="stub", SERVICE__RUN_LINGER_S="0.5")


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with service.client() as made:
        yield made


async def by_json(client: httpx.AsyncClient, analyzer: str = "stub") -> Diagnosis:
    reply = await client.post("/api/v1/debug", json={"question": ASKED, "analyzer": analyzer})
    assert reply.status_code == 200, reply.text
    await check_receipts(client, reply.json())
    return reply.json()


async def by_events(client: httpx.AsyncClient, analyzer: str = "stub") -> Diagnosis:
    diagnosis = check_one_voice([event async for event in listen(client, {"question": ASKED, "analyzer": analyzer})])
    await check_receipts(client, diagnosis)
    return diagnosis


async def by_both(client: httpx.AsyncClient, analyzer: str = "stub") -> Diagnosis:
    whole, streamed = await by_json(client, analyzer), await by_events(client, analyzer)
    assert wording(whole) == wording(streamed)
    assert whole["degraded"] == streamed["degraded"]
    return whole


def script(evidence: Diagnosis) -> str:
    """An answer of many statements that can be proved, none of which `evidence` says in that place."""
    number = {passage["id"]: n for n, passage in enumerate(evidence["passages"], start=1)}
    said = [
        {"kind": "cause", "text": c["quote"], "citations": [number[c["passage_id"]]], "quote": c["quote"]}
        for c in evidence["citations"]
    ]
    return json.dumps({"statements": [{**said[0], "kind": "summary"}, *said]})


@pytest.mark.parametrize("kind", ["stream", "plain"])
async def test_what_the_model_says_is_the_answer(client: httpx.AsyncClient, model: Model, kind: str) -> None:
    evidence = await by_json(client, "evidence")
    await model.plays(kind, text=script(evidence))
    diagnosis = await by_both(client)
    assert (diagnosis["verdict"], diagnosis["degraded"]) == ("answered", [])
    assert diagnosis["analyzer"].startswith("stub@stub#")
    assert diagnosis["prompt"].startswith("analyze@1/")
    assert [h["cause"] for h in diagnosis["hypotheses"]] == [c["quote"] for c in evidence["citations"]]
    assert diagnosis["usage"]["tokens_out"] == 110


@pytest.mark.parametrize("kind", ["cut", "abort"])
async def test_cut_anywhere_the_answer_is_wholly_that_of_evidence(
    client: httpx.AsyncClient, model: Model, kind: str
) -> None:
    evidence = await by_json(client, "evidence")
    text = script(evidence)
    tokens = len(text) // 4 + 1
    for at in [0, 1, 2, *range(tokens // 12, tokens, tokens // 12), tokens - 1]:
        await model.plays(kind, at=at, text=text)
        diagnosis = await by_both(client)
        assert wording(diagnosis) == wording(evidence), at
        assert diagnosis["analyzer"].startswith("evidence@"), at
        assert diagnosis["degraded"] == ["analyzer_fallback:stub: analyzer_unavailable"], at


@pytest.mark.parametrize(
    ("analyzer", "fault", "code"),
    [
        ("gone", {}, "analyzer_unreachable"),
        ("hasty", {"kind": "stall", "at": 60}, "analyzer_timeout"),
        ("hasty", {"gap_s": 0.05}, "analyzer_timeout"),
        ("hasty", {"delay_s": 5}, "analyzer_timeout"),
        ("stub", {"kind": "status", "status": 429}, "analyzer_rate_limited"),
        ("stub", {"kind": "status", "status": 500}, "analyzer_unavailable"),
        ("stub", {"kind": "status", "status": 401}, "analyzer_refused"),
        ("stub", {"kind": "malformed", "at": 0}, "analyzer_bad_output"),
        ("stub", {"kind": "malformed", "at": 60}, "analyzer_bad_output"),
        ("stub", {"kind": "error", "at": 60}, "analyzer_unavailable"),
        ("stub", {"kind": "refused", "at": 0}, "analyzer_content_policy"),
        ("stub", {"kind": "filtered", "at": 60}, "analyzer_content_policy"),
        ("stub", {"text": ""}, "analyzer_bad_output"),
        ("stub", {"text": json.dumps({"statements": [INVENTED]})}, "unsupported"),
    ],
)
async def test_whatever_the_server_does_evidence_answers_and_the_reason_is_told(
    client: httpx.AsyncClient, model: Model, analyzer: str, fault: dict[str, Any], code: str
) -> None:
    evidence = await by_json(client, "evidence")
    await model.plays(**{"text": script(evidence), **fault})
    diagnosis = await by_both(client, analyzer)
    assert wording(diagnosis) == wording(evidence)
    assert diagnosis["degraded"] == [f"analyzer_fallback:{analyzer}: {code}"]


async def test_prose_is_taken_where_it_can_be_proved(client: httpx.AsyncClient, model: Model) -> None:
    quote = (await by_json(client, "evidence"))["citations"][0]["quote"]
    await model.plays(text=f"Cause: {quote} [1] The moon is made of brass at 900 bar [1].")
    diagnosis = await by_both(client)
    assert (diagnosis["verdict"], diagnosis["degraded"]) == ("answered", [])
    assert diagnosis["analyzer"].startswith("stub@")
    assert "brass" not in json.dumps(wording(diagnosis))
    assert any("struck" in warning for warning in diagnosis["warnings"])


async def test_a_model_that_finds_no_answer_is_believed(client: httpx.AsyncClient, model: Model) -> None:
    await model.plays(text='{"statements": []}')
    diagnosis = await by_both(client)
    assert (diagnosis["verdict"], diagnosis["degraded"]) == ("insufficient_evidence", [])
    assert diagnosis["passages"]


async def test_no_answer_hangs_longer_than_its_budget(client: httpx.AsyncClient, model: Model) -> None:
    await model.plays("stall", at=60)
    async with asyncio.timeout(5):  # 0.6 s of budget, and a busy machine
        await by_json(client, "hasty")


async def test_a_json_client_that_hangs_up_ends_the_work_done_for_it(client: httpx.AsyncClient, model: Model) -> None:
    await model.plays(**HELD)
    before = await model.stats()
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/api/v1/debug", json={"question": ASKED}, timeout=1)
    assert await model.reaches("departures", before["departures"] + 1)


async def test_a_deleted_run_ends_at_once_for_the_server_and_for_its_reader(
    client: httpx.AsyncClient, model: Model
) -> None:
    await model.plays(**HELD)
    before = await model.stats()
    kinds = []
    async for kind, data in listen(client, {"question": ASKED}):
        kinds.append(kind)
        if kind == "retrieved" and await model.reaches("requests", before["requests"] + 1):
            assert (await client.delete(f"/api/v1/runs/{data['run_id']}")).status_code == 204
    assert kinds[-1] == "failed"
    assert await model.reaches("departures", before["departures"] + 1)
    assert (await client.get(f"/api/v1/runs/{data['run_id']}")).json()["status"] == "cancelled"


async def test_a_reader_who_stays_away_ends_its_run_and_one_who_returns_misses_nothing(
    client: httpx.AsyncClient, model: Model
) -> None:
    await model.plays(gap_s=0.01)
    seen = await leave_after_retrieved(client)
    path = f"/api/v1/runs/{seen[0][1]['run_id']}"
    async with client.stream("GET", f"{path}/events", headers={"last-event-id": seen[-1][1]["id"]}) as again:
        rest = [event async for event in read_events(again)]
    assert check_one_voice([*seen, *rest])["analyzer"].startswith("stub@")

    await model.plays(**HELD)
    before = await model.stats()
    seen = await leave_after_retrieved(client)
    await model.reaches("requests", before["requests"] + 1)
    assert await model.reaches("departures", before["departures"] + 1)
    row = (await client.get(f"/api/v1/runs/{seen[0][1]['run_id']}")).json()
    assert (row["status"], row["pack"]) == ("cancelled", None)


async def leave_after_retrieved(client: httpx.AsyncClient) -> list[tuple[str, dict[str, Any]]]:
    seen = []
    stream = listen(client, {"question": ASKED})
    async for event in stream:
        seen.append(event)
        if event[0] == "retrieved":
            break
    await stream.aclose()  # type: ignore[attr-defined]
    return seen
