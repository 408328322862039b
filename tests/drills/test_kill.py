"""The serving process is killed with -9 at any moment, while people ask and upload: what was acknowledged is there."""

import asyncio
import itertools
import json
import random
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.drills.conftest import Model, Serve, Service, listen
from tests.drills.judge import Diagnosis

pytestmark = pytest.mark.slow

ROUNDS = 12
STARTING = {1, 2, 8}  # rounds in which it is killed while it starts; the first ones while it stocks a new home
KNOWN = ("E73-B", "E43-A", "E70-A", "AUX-2101", "PNT-2210")
ROWS = 6


@dataclass
class Acknowledged:
    answers: dict[str, Diagnosis] = field(default_factory=dict)  # by run id
    begun: set[str] = field(default_factory=set)  # runs whose `started` was heard and whose end was not
    documents: dict[str, int] = field(default_factory=dict)  # path -> the newest revision that was acknowledged


@dataclass
class Crowd:
    """Clients that go on until the service is gone."""

    known: Acknowledged = field(default_factory=Acknowledged)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    revisions: Iterator[int] = field(default_factory=lambda: itertools.count(1000))

    async def run(self, service: Service, seconds: float) -> None:
        async with service.client() as client:
            work = [self.ask(client), self.ask(client), self.listen(client), self.upload(client), self.revise(client)]
            tasks = [asyncio.create_task(each) for each in work]
            await self.heard.wait()  # on a busy machine the first acknowledgment takes its time
            await asyncio.sleep(seconds)
            await asyncio.to_thread(service.kill)
            self.heard.clear()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                assert isinstance(ended, httpx.TransportError), repr(ended)

    async def ask(self, client: httpx.AsyncClient) -> None:
        for code in itertools.cycle(KNOWN):
            answer = (await client.post("/api/v1/debug", json={"question": f"{code}: what now?"})).json()
            assert answer["verdict"] == "answered"
            self.known.answers[answer["run_id"]] = answer
            self.heard.set()

    async def listen(self, client: httpx.AsyncClient) -> None:
        while True:
            async for kind, data in listen(client, {"question": "E73-B", "analyzer": "stub"}):
                self.known.begun.add(data["run_id"])
                if kind == "answered":
                    self.known.begun.remove(data["run_id"])
                    self.known.answers[data["run_id"]] = data["diagnosis"]

    async def upload(self, client: httpx.AsyncClient) -> None:
        while True:
            revision = next(self.revisions)
            await self.send(client, f"kill/{revision}.csv", revision)

    async def revise(self, client: httpx.AsyncClient) -> None:
        while True:
            await self.send(client, "kill/revised.csv", next(self.revisions))

    async def send(self, client: httpx.AsyncClient, path: str, revision: int) -> None:
        files = {"file": ("table.csv", table(revision).encode())}
        reply = await client.post("/api/v1/documents", files=files, data={"path": path})
        assert reply.status_code == 201, reply.text
        self.known.documents[path] = revision


def table(revision: int) -> str:
    rows = [f"E{revision}-{letter},Meaning {revision} {letter},Measure X{revision}\n" for letter in "ABCDEF"[:ROWS]]
    return "".join([f"# revision: {revision}\nCode,Meaning,Check\n", *rows])


async def test_what_was_acknowledged_outlives_any_kill_and_the_next_start_works(serve: Serve, model: Model) -> None:
    moments, crowd = random.Random(73), Crowd()
    await model.plays("stall", at=20)
    service = serve(start=False, stocked=False, ANALYZERS=json.dumps({"stub": model.row(budget_s=60)}))
    for turn in range(1, ROUNDS + 1):
        service.launch()
        if turn in STARTING:
            time.sleep(moments.uniform(0.5, 2.5))
            service.kill()
            continue
        await asyncio.to_thread(service.wait)
        await check(service, crowd.known)
        await crowd.run(service, moments.uniform(0.0, 1.0))
    service.start()
    await check(service, crowd.known, every=True)
    service.end()
    told = crowd.known
    print(f"\n{ROUNDS} kills: {len(told.answers)} answers, {len(told.documents)} documents, {len(told.begun)} cut runs")
    assert len(told.answers) >= ROUNDS - len(STARTING)
    assert min(len(told.documents), len(told.begun)) >= 3
    with sqlite3.connect(service.home / "records.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("SELECT count(*) FROM runs WHERE status = 'running'").fetchone() == (0,)


async def check(service: Service, told: Acknowledged, *, every: bool = False) -> None:
    """The newest acknowledgments; at the end `every` one."""
    newest = 10_000 if every else 8
    async with service.client() as client:
        for run_id, answer in list(told.answers.items())[-newest:]:
            row = await read(client, f"runs/{run_id}")
            assert (row["status"], row["pack"]["diagnosis"]) == ("answered", answer)
        for run_id in told.begun:
            row = await read(client, f"runs/{run_id}")
            assert row["status"] == "answered" or (row["status"], row["error"]) == ("failed", "interrupted")
        for path, revision in list(told.documents.items())[-newest:]:
            await check_document(client, path, revision)


async def check_document(client: httpx.AsyncClient, path: str, acknowledged: int) -> None:
    """Whole, in the acknowledged revision or in one that was sent after it, and it answers."""
    document = await read(client, f"documents/main/{path}")
    revision = int(document["revision"])
    assert revision >= acknowledged
    assert document["text"] == table(revision)
    code = f"E{revision}-{'ABCDEF'[ROWS - 1]}"
    answer = (await client.post("/api/v1/debug", json={"question": code})).json()
    assert (answer["verdict"], {c["source"] for c in answer["citations"]}) == ("answered", {path})


async def read(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    reply = await client.get(f"/api/v1/{path}")
    assert reply.status_code == 200, f"{path}: {reply.text}"
    return reply.json()
