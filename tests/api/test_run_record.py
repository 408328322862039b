"""Deleting the record of a run over HTTP: one's own, for good."""

import httpx

from tests.api.conftest import Client


async def test_a_deleted_run_is_gone_with_its_events(client: httpx.AsyncClient) -> None:
    run = (await client.post("/api/v1/debug", json={"question": "E73-B"})).json()["run_id"]
    reply = await client.delete(f"/api/v1/runs/{run}/record")
    assert (reply.status_code, reply.content) == (204, b"")
    for place in ("", ".html", "/events"):
        assert (await client.get(f"/api/v1/runs/{run}{place}")).status_code == 404
    assert (await client.delete(f"/api/v1/runs/{run}/record")).status_code == 404


async def test_a_key_deletes_its_own_runs_alone(serving: Client) -> None:
    async with serving() as client:
        services = client.services  # type: ignore[attr-defined]
        keys = [(await services.create_key(name, ["ask"], None))[1] for name in ("anna", "boris")]
        anna, boris = ({"authorization": f"Bearer {key}"} for key in keys)
        run = (await client.post("/api/v1/debug", json={"question": "E73-B"}, headers=anna)).json()["run_id"]
        assert (await client.delete(f"/api/v1/runs/{run}/record", headers=boris)).status_code == 404
        assert (await client.get(f"/api/v1/runs/{run}", headers=anna)).status_code == 200
        assert (await client.delete(f"/api/v1/runs/{run}/record", headers=anna)).status_code == 204
