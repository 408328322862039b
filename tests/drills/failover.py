"""Every fault at every place of an answer, on every door: is an answer lost, is one spliced, what does it cost?

`python -m tests.drills.failover --positions 60 --report docs/reports/failover.md`
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from openai import APIError

from tests.drills.conftest import Model, Service, free_port, model_server
from tests.drills.doors import DOORS, Door, Told, by_json
from tests.drills.judge import Diagnosis, check_receipts, wording

CLOSED = 3  # failures that open the circuit
PATIENCE_S = 0.3  # what the row waits for the next piece: a stall costs at least this
SIZE = 4  # characters of one token of the stub
HEAD = """# Failover

Written by `python -m tests.drills.failover`, on two cores that had other work too. A service in a process of its own
asks a scripted model server, which fails at {positions} places spread over its answer; `evidence` stands behind it.
Lost is a question without an answer whose every receipt holds; spliced is an answer that is not word for word that
of `evidence` alone. Text that went out as an OpenAI stream cannot be taken back: where the model had spoken before it
failed, that stream ended with an error object, which is neither lost nor spliced; withdrawn counts them. All that it
had said was then of the first attempt, and the record of its run, judged in its place, holds the whole answer.
Added is the time beyond that of `evidence` alone through the same door just before, p50 / p95 in ms, of a withdrawn one
with the reading of its record: it holds what the model had streamed before it failed, its retries before a first word,
and for a stall the {patience} s that the row waits for the next piece. Before the first token 429 and 500 are a status,
after it an error among the events; empty is so many blank tokens and then the end. The circuit is off here, so that
every fault is met.

| fault | door | runs | withdrawn | lost | spliced | added ms |
|---|---|--:|--:|--:|--:|--:|"""
TAIL = """## A server that is not there

{gone.asked} questions, each beside the same one to `evidence` alone: {gone.answered} answered, {gone.told} of them with
the reason. Added to the first three, while the circuit was closed: {gone.first} ms. After that, while it was open,
between the same quantiles of both: p50 {p50} ms, p95 {p95} ms."""


def reported(status: int, code: str, at: int) -> dict[str, Any]:
    """Before the first token a server answers with a status, after it with an error among the events."""
    if at == 0:
        return {"kind": "status", "status": status}
    return {"kind": "error", "at": at, "error": {"message": "scripted", "code": code}}


FAULTS: Mapping[str, Callable[[int], dict[str, Any]]] = {
    "cut": lambda at: {"kind": "cut", "at": at},
    "stall": lambda at: {"kind": "stall", "at": at},
    "malformed": lambda at: {"kind": "malformed", "at": at},
    "429": lambda at: reported(429, "rate_limit_exceeded", at),
    "500": lambda at: reported(500, "server_error", at),
    "refused": lambda at: {"kind": "refused", "at": at},
    "empty": lambda at: {"kind": "stream", "text": " " * SIZE * at},
}


@dataclass
class Row:
    runs: int = 0
    withdrawn: int = 0
    lost: int = 0
    spliced: int = 0
    added_ms: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def script(evidence: Diagnosis) -> str:
    """What the model would say: statements that can be proved, in an order that `evidence` never uses."""
    number = {passage["id"]: n for n, passage in enumerate(evidence["passages"], start=1)}
    said = [
        {"kind": "cause", "text": c["quote"], "citations": [number[c["passage_id"]]], "quote": c["quote"]}
        for c in evidence["citations"]
    ]
    return json.dumps({"statements": [{**said[0], "kind": "summary"}, *said]})


def places(tokens: int, wanted: int) -> list[int]:
    """Spread over the answer, the first token and the last among them."""
    return sorted({round(n * (tokens - 1) / max(1, wanted - 1)) for n in range(wanted)})


async def ask(door: Door, client: httpx.AsyncClient, analyzer: str) -> tuple[Told, float]:
    began = time.perf_counter()
    told = await door(client, analyzer)
    return told, 1000 * (time.perf_counter() - began)


async def one(row: Row, door: Door, client: httpx.AsyncClient, evidence: Diagnosis, plain_ms: float) -> None:
    row.runs += 1
    try:
        answer, took = await ask(door, client, "stub")
        told = answer.diagnosis
        await check_receipts(client, told)
    except (httpx.HTTPError, APIError, AssertionError, KeyError) as error:
        row.lost += 1
        row.wrong.append(repr(error)[:200])
        return
    row.withdrawn += answer.withdrawn
    row.added_ms.append(took - plain_ms)
    if wording(told) != wording(evidence) or not told["analyzer"].startswith("evidence@") or not told["degraded"]:
        row.spliced += 1
        row.wrong.append(f"{told['analyzer']} {told['degraded']}")


async def drill(client: httpx.AsyncClient, model: Model, positions: int) -> dict[tuple[str, str], Row]:
    evidence = (await by_json(client, "evidence")).diagnosis
    text = script(evidence)
    at = places(len(text) // SIZE, positions)
    rows: dict[tuple[str, str], Row] = {}
    for name, door in DOORS.items():
        for fault, how in FAULTS.items():
            row = rows[fault, name] = Row()
            for place in at:
                await model.plays(**{"text": text, **how(place)})
                _, plain = await ask(door, client, "evidence")
                await one(row, door, client, evidence, plain)
    return rows


@dataclass(frozen=True)
class Dead:
    asked: int
    answered: int
    told: int  # with the reason why another one spoke
    alone_ms: list[float]  # `evidence` without anybody before it
    behind_ms: list[float]  # and behind the dead one, in turns

    @property
    def first(self) -> str:
        return ", ".join(f"{b - a:+.1f}" for a, b in zip(self.alone_ms[:CLOSED], self.behind_ms[:CLOSED], strict=True))

    def at(self, share: float) -> str:
        """Between the same quantiles of both, once the circuit is open."""
        alone, behind = (sorted(ms[CLOSED:]) for ms in (self.alone_ms, self.behind_ms))
        place = int(share * (len(alone) - 1))
        return f"{behind[place] - alone[place]:+.1f}"


async def dead(client: httpx.AsyncClient, asked: int) -> Dead:
    """A server that is not there, each question beside the same one to `evidence` alone."""
    answered, reasons = 0, 0
    alone: list[float] = []
    behind: list[float] = []
    for _ in range(asked):
        _, plain = await ask(by_json, client, "evidence")
        answer, took = await ask(by_json, client, "dead")
        told = answer.diagnosis
        answered += told["verdict"] == "answered"
        reasons += told["degraded"] == ["analyzer_fallback:dead: analyzer_unreachable"]
        alone.append(plain)
        behind.append(took)
    return Dead(asked, answered, reasons, alone, behind)


@asynccontextmanager
async def service(model: Model) -> AsyncIterator[httpx.AsyncClient]:
    gone = f"http://127.0.0.1:{free_port()}/v1"
    table = {
        "stub": model.row(budget_s=30, timeout_s=PATIENCE_S),
        "dead": {"kind": "openai", "model": "m", "base_url": gone},
    }
    with tempfile.TemporaryDirectory() as folder:
        made = Service(Path(folder), {"RAIL_DEBUG_ANALYZERS": json.dumps(table)})
        try:
            await asyncio.to_thread(made.start)
            async with made.client() as client:
                yield client
        finally:
            made.kill()


def spread(values: Sequence[float]) -> str:
    ordered = sorted(values)
    return f"{statistics.median(ordered):.1f} / {ordered[int(0.95 * (len(ordered) - 1))]:.1f}" if ordered else "–"


def report(rows: Mapping[tuple[str, str], Row], gone: Dead, positions: int) -> str:
    lines = HEAD.format(positions=positions, patience=PATIENCE_S).splitlines()
    lines += [
        f"| {fault} | {door} | {row.runs} | {row.withdrawn} | {row.lost} | {row.spliced} | {spread(row.added_ms)} |"
        for (fault, door), row in rows.items()
    ]
    counted = ("runs", "withdrawn", "lost", "spliced")
    sums = " | ".join(str(sum(getattr(row, name) for row in rows.values())) for name in counted)
    lines += [f"| all | all | {sums} | |", ""]
    lines += TAIL.format(gone=gone, p50=gone.at(0.5), p95=gone.at(0.95)).splitlines()
    return "\n".join(lines) + "\n"


async def run(positions: int, asked: int) -> tuple[dict[tuple[str, str], Row], Dead]:
    with model_server() as model:
        async with service(model) as client:
            return await drill(client, model, positions), await dead(client, asked)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--positions", type=int, default=60)
    parser.add_argument("--asked", type=int, default=200)
    parser.add_argument("--report", type=Path)
    asked = parser.parse_args()
    rows, gone = asyncio.run(run(asked.positions, asked.asked))
    told = report(rows, gone, asked.positions)
    print(told)
    for (fault, door), row in rows.items():
        for wrong in row.wrong[:3]:
            print(f"{fault} {door}: {wrong}", file=sys.stderr)
    if asked.report:
        asked.report.write_text(told)
    return int(any(row.lost or row.spliced for row in rows.values()) or gone.answered < gone.asked)


if __name__ == "__main__":
    sys.exit(main())
