"""Questions at a steady rate while the active analyzer is switched again and again: none lost, none of two voices.

python -m tests.drills.switching --requests 2000 --rate 50 --switches 10 --report docs/reports/switch.md
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.drills.conftest import Service
from tests.drills.judge import check_one_voice
from tests.llm_stub import Behaviour, Stub

CODES = ("E73-B", "E73-A", "E70-A", "E71-A")
NAMES = ("one", "two")
PATIENT = {"budget_s": 180, "timeout_s": 180, "connect_s": 120}  # a busy machine is slow, and that is no loss
FIELD = re.compile(r"^(event|data): (.*)$", re.MULTILINE)
CROWDED = """
Questions came faster than the machine, with all its other work, could answer them, with switches or without: these
milliseconds are those of a queue that grows. What counts here is what was lost and mixed.
"""
NUMBER = re.compile(r"question number (\d+)\.")


@dataclass
class Drill:
    service: Service
    stub: Stub
    took: list[float] = field(default_factory=list)  # milliseconds of an answer
    switches: list[float] = field(default_factory=list)  # milliseconds of a switch
    replies: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    by: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)

    async def run(self, requests: int, rate: float, switches: int) -> None:
        """Open loop: a question begins at its time, whether or not those before it have ended."""
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(self.service.url, connector=connector) as client:
            begun, asked = time.monotonic(), []
            changing = asyncio.create_task(self.change(client, switches, requests / rate))
            for number in range(requests):
                await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
                asked.append(asyncio.create_task(self.question(client, number)))
            await asyncio.gather(*asked, changing)
        self.judge()

    async def change(self, client: aiohttp.ClientSession, switches: int, seconds: float) -> None:
        for number in range(switches):
            await asyncio.sleep(seconds / (switches + 1))
            begun = time.perf_counter()
            async with client.post(f"/model/switch/{NAMES[(number + 1) % 2]}", json={"reason": "the drill"}) as reply:
                assert reply.status == 200, await reply.text()
            self.switches.append((time.perf_counter() - begun) * 1000)

    async def question(self, client: aiohttp.ClientSession, number: int) -> None:
        """Only taken in here, and read afterwards: who asks must not be slower than who answers."""
        path = "/api/v1/debug/stream" if number % 2 else "/api/v1/debug"
        body = {"question": f"{CODES[number % len(CODES)]}, question number {number}."}
        begun = time.perf_counter()
        try:
            async with client.post(path, json=body) as reply:
                self.replies[number] = (reply.status, await reply.read())
        except aiohttp.ClientError as error:
            self.lost.append(f"{number}: {error!r}")
            return
        self.took.append((time.perf_counter() - begun) * 1000)

    def read(self, number: int) -> dict[str, Any]:
        """-> the diagnosis. Raises `AssertionError` when it is none, or its statements are of two voices."""
        status, body = self.replies[number]
        assert status == 200, body[:200]
        if number % 2 == 0:
            answer: dict[str, Any] = json.loads(body)
            return answer
        frames = [dict(FIELD.findall(frame)) for frame in body.decode().split("\n\n")]
        return check_one_voice([(f["event"], json.loads(f["data"])) for f in frames if "event" in f])

    def judge(self) -> None:
        """The model that was asked, once, is the one that is named, and nothing had to be mended."""
        asked: dict[int, list[str]] = defaultdict(list)
        for body in self.stub.bodies:
            if found := NUMBER.search(body["messages"][-1]["content"]):
                asked[int(found[1])].append(body["model"])
        for number in self.replies:
            try:
                answer = self.read(number)
            except AssertionError as error:
                self.lost.append(f"{number}: {error}")
                continue
            if answer["verdict"] != "answered" or answer["degraded"]:
                self.lost.append(f"{number}: {answer['verdict']}, {answer['degraded']}")
                continue
            named = answer["analyzer"].split("@")[0]
            if asked[number] != [f"model-{named}"]:
                self.mixed.append(f"{number}: {named} is named, {asked[number]} were asked")
            self.by[named] += 1

    def percentile(self, share: float) -> float:
        return statistics.quantiles(self.took, n=1000, method="inclusive")[int(share * 1000) - 1]


async def drill(folder: Path, requests: int, rate: float, switches: int) -> tuple[Drill, Drill]:
    """-> the same traffic without switches, and with them."""
    stub = Stub(Behaviour(delay_s=0.03))
    url = await stub.start()
    rows = {n: {"kind": "openai", "model": f"model-{n}", "base_url": url, "retries": 0, **PATIENT} for n in NAMES}
    settings = {"RAIL_DEBUG_ANALYZERS": json.dumps(rows), "RAIL_DEBUG_ANALYZER": NAMES[0]}
    service = Service(folder, settings)
    try:
        await asyncio.to_thread(service.start)
        still, moving = Drill(service, stub), Drill(service, stub)
        await still.run(max(100, requests // 4), rate, 0)
        stub.bodies.clear()
        await moving.run(requests, rate, switches)
        return still, moving
    finally:
        await asyncio.to_thread(service.kill)
        await stub.stop()


def report(still: Drill, moving: Drill, rate: float) -> str:
    def row(name: str, own: Drill) -> str:
        p50, p95, p99 = (own.percentile(share) for share in (0.5, 0.95, 0.99))
        return f"| {name} | {len(own.took)} | {p50:.0f} | {p95:.0f} | {p99:.0f} | {max(own.took):.0f} |"

    each = ", ".join(f"{took:.0f}" for took in moving.switches)
    answers = ", ".join(f"{name} {count}" for name, count in sorted(moving.by.items()))
    crowded = CROWDED if still.percentile(0.5) > 1000 else ""
    return f"""# Switching while questions come

Made by `python -m tests.drills.switching`: a service of one process, two rows of kind `openai` on a stub that waits
30 ms before an answer, questions at {rate:g} a second whether or not those before them have ended, every second one by
SSE. The machine had two cores, shared with the stub, the load generator and other work; its load is told below.

| | |
|---|---|
| asked | {len(moving.took) + len(moving.lost)} |
| lost (no answer, an error, or anything in `degraded`) | {len(moving.lost)} |
| mixed (another model was asked than is named, or two were) | {len(moving.mixed)} |
| answers | {answers} |
| load of the machine, mean of its last minute | {os.getloadavg()[0]:.1f} |
| milliseconds of each switch, the first answer of the new one included | {each} |

| milliseconds of an answer | n | p50 | p95 | p99 | most |
|---|---|---|---|---|---|
{row("without a switch", still)}
{row(f"with {len(moving.switches)} switches", moving)}
{crowded}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--switches", type=int, default=10)
    parser.add_argument("--report", type=Path)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        still, moving = asyncio.run(drill(folder, asked.requests, asked.rate, asked.switches))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    text = report(still, moving, asked.rate)
    if asked.report:
        asked.report.write_text(text, encoding="utf-8")
    print(text, *moving.lost[:5], *moving.mixed[:5], sep="\n")
    return 0 if not moving.lost and not moving.mixed else 1


if __name__ == "__main__":
    raise SystemExit(main())
