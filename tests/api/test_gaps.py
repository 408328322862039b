"""Knowledge gaps over HTTP: who asked sees them."""

import httpx

from tests.api.conftest import Client


async def test_a_code_that_is_not_known_becomes_a_gap(client: httpx.AsyncClient) -> None:
    await client.post("/api/v1/debug", json={"question": "What is E987-X?"})
    reply = await client.get("/api/v1/knowledge-gaps?limit=500")
    assert reply.status_code == 200
    assert ("code", "E987-X", 1) in [(gap["kind"], gap["what"], gap["count"]) for gap in reply.json()["gaps"]]


async def test_a_key_sees_no_gap_of_another(serving: Client) -> None:
    async with serving() as client:
        services = client.services  # type: ignore[attr-defined]
        _, anna = await services.create_key("anna", ["ask"], None)
        _, boris = await services.create_key("boris", ["ask"], None)
        headers = {"Authorization": f"Bearer {anna}"}
        await client.post("/api/v1/debug", json={"question": "What is E987-X?"}, headers=headers)
        assert len((await client.get("/api/v1/knowledge-gaps", headers=headers)).json()["gaps"]) == 1
        other = await client.get("/api/v1/knowledge-gaps", headers={"Authorization": f"Bearer {boris}"})
        assert other.json()["gaps"] == []


async def test_a_limit_out_of_range_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/knowledge-gaps?limit=0")).status_code in {400, 422}
