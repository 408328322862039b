"""Documents over HTTP: brought, asked about, listed, taken away."""

import httpx

TABLE = """# revision: B
Code,Meaning,Cause,Check,Limit
E91-Q,Sand box heater open circuit,Broken element,Measure the element,40 ohm
"""


async def upload(client: httpx.AsyncClient, name: str, content: bytes, **form: str) -> httpx.Response:
    return await client.post("/api/v1/documents", files={"file": (name, content)}, data=form)


async def test_an_uploaded_table_answers_the_next_question_and_a_removed_one_no_more(client: httpx.AsyncClient) -> None:
    reply = await upload(client, "sand.csv", TABLE.encode(), path="sanding/sand.csv")
    assert (reply.status_code, reply.json()["state"]) == (201, "read")
    body = (await client.post("/api/v1/debug", json={"question": "E91-Q"})).json()
    assert body["verdict"] == "answered"
    assert body["citations"][0]["source"] == "sanding/sand.csv"
    listed = (await client.get("/api/v1/documents")).json()["documents"]
    (document_id,) = [row["id"] for row in listed if row["path"] == "sanding/sand.csv"]
    assert (await client.delete(f"/api/v1/documents/{document_id}")).status_code == 204
    body = (await client.post("/api/v1/debug", json={"question": "E91-Q"})).json()
    assert body["verdict"] == "unknown_code"


async def test_a_new_revision_takes_the_place_of_the_old_one(client: httpx.AsyncClient) -> None:
    await upload(client, "sand.csv", TABLE.encode())
    await upload(client, "sand.csv", TABLE.replace("40 ohm", "55 ohm").replace("B\n", "C\n").encode())
    body = (await client.post("/api/v1/debug", json={"question": "E91-Q limit"})).json()
    assert [limit["text"] for limit in body["limits"]] == ["55 ohm"]
    assert {citation["revision"] for citation in body["citations"]} == {"C"}


async def test_what_cannot_be_read_is_refused_with_a_reason(client: httpx.AsyncClient) -> None:
    for name, content, code in (
        ("tool.exe", b"MZ", "unsupported_format"),
        ("broken.csv", b"\x00\x01\x02", "invalid_document"),
        ("empty.md", b"", "invalid_document"),
    ):
        reply = await upload(client, name, content)
        assert reply.json()["code"] == code, name
        assert reply.json()["hint"]
    reply = await upload(client, "x.md", b"# Title\n\ntext", path="../../etc/x.md")
    assert reply.status_code == 400


async def test_two_revisions_are_compared_over_http(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/api/v1/documents")).json()["documents"]
    (new,) = [row["id"] for row in listed if row["path"] == "points/hydraulic-points-rev3.md"]
    reply = await client.get(f"/api/v1/documents/{new}/diff")
    assert reply.status_code == 200
    body = reply.json()
    assert (body["before"]["revision"], body["after"]["revision"]) == ("2", "3")
    assert ["80 bar", "95 bar"] in [pair for change in body["changes"] for pair in change["numbers"]]
    assert (await client.get(f"/api/v1/documents/{new}/diff?against=nothing")).json()["code"] == "not_found"
    assert (await client.get("/api/v1/documents/nothing/diff")).status_code == 404
