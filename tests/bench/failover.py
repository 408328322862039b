"""What failover, breaker and trace add to a model of 50 ms, beside the bare client and a LiteLLM proxy, in turns.

`python -m tests.bench.failover --litellm PATH/TO/litellm --report docs/reports/failover-cost.md`
"""

import argparse
import asyncio
import json
import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from app.analyzers.backends.evidence import EvidenceAnalyzer
from app.analyzers.backends.openai import OpenAIAnalyzer
from app.analyzers.base import Analyzer
from app.analyzers.breaker import Breaker
from app.analyzers.closing import closing
from app.analyzers.failover import Failover
from app.analyzers.traced import Traced
from app.core.brief import Begin, Brief, End
from app.core.question import Question
from app.core.settings.analyzers import EVIDENCE, AnalyzerSpec
from app.core.settings.telemetry import TelemetrySettings
from app.prompts.files import FilePrompts
from app.telemetry.setup import configure
from tests.drills.conftest import Model, free_port, model_server
from tests.receipts.passages import brake

DELAY_S = 0.05
KEY = f"sk-{secrets.token_hex(32)}"  # without one the proxy does not start
SHARES = (0.5, 0.95)
WARM = 5  # rounds that are not counted
BRIEF = Brief(Question("What is E73-B?"), (brake(),), ("E73-B",), prompts=FilePrompts().load())
HEAD = """# What failover costs

Written by `python -m tests.bench.failover` on {day}: {rounds} rounds, in each every way once, one after the other, so
that all met the same load of the machine. The model is a stub in a process of its own that waits 50 ms; a round asks
for a whole answer, streamed in pieces of four characters. The bare client is the OpenAI backend with nothing around
it, in this process as all others; the proxy is a process of its own. Milliseconds; added is between the same quantiles
of a way and of the bare client. CPU is what this process computed for one answer: of the two it is the one that a busy
machine does not blur.

| way | answered | p50 | p95 | added p50 | added p95 | CPU p50 | CPU p95 | CPU added p50 | CPU added p95 |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|
"""
BARE, OURS = "bare client", "failover, breaker, trace"
CLOSED, OPEN = "first upstream dead, circuit kept closed", "first upstream dead, circuit open"
PROXY, PROXY_DEAD = "LiteLLM proxy", "LiteLLM proxy, `fallbacks`, first upstream dead"


@dataclass
class Way:
    analyzer: Analyzer
    ms: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    answered: int = 0


def backend(name: str, url: str, **options: Any) -> OpenAIAnalyzer:
    row = {"model": "stub", "structured": "none", "retries": 0, "base_url": url, **options}
    return OpenAIAnalyzer(name, AnalyzerSpec.model_validate({"kind": "openai", **row}))


def ways(model: str, proxy: str) -> dict[str, Way]:
    dead = f"http://127.0.0.1:{free_port()}/v1"
    evidence = EvidenceAnalyzer("evidence", EVIDENCE)

    def order(*guarded: Analyzer) -> Failover:
        return Failover([*guarded, Traced(evidence)])

    def live() -> Breaker:
        return Breaker(Traced(backend("live", model)))

    made: dict[str, Analyzer] = {
        BARE: backend("bare", model),
        OURS: order(live()),
        CLOSED: order(Breaker(Traced(backend("dead", dead)), failures=0), live()),
        OPEN: order(Breaker(Traced(backend("dead", dead))), live()),
    }
    if proxy:
        through = {"api_key": KEY}
        made |= {
            PROXY: backend("proxy", proxy, model="live", **through),
            PROXY_DEAD: backend("proxy", proxy, model="dead", **through),
        }
    return {name: Way(analyzer) for name, analyzer in made.items()}


async def once(way: Way) -> None:
    """Answered is what the model said and nobody else: `evidence` would be too quick."""
    began, computed, who, ended = time.perf_counter(), time.process_time(), "", False
    async with closing(way.analyzer.stream(replace(BRIEF, deadline=time.monotonic() + 30))) as deltas:
        async for delta in deltas:
            who = delta.identity.name if isinstance(delta, Begin) else who
            ended = ended or isinstance(delta, End)
    way.ms.append(1000 * (time.perf_counter() - began))
    way.cpu.append(1000 * (time.process_time() - computed))
    way.answered += ended and who != "evidence"


async def measure(model: Model, proxy: str, rounds: int) -> Mapping[str, Way]:
    await model.plays(delay_s=DELAY_S)
    found = ways(f"{model.url}/v1", proxy)
    tracing = configure(TelemetrySettings())
    try:
        for way in found.values():
            await way.analyzer.load()
        for _ in range(WARM + rounds):
            for way in found.values():
                await once(way)
    finally:
        for way in found.values():
            await way.analyzer.unload()
        tracing.close()
    return {name: Way(way.analyzer, way.ms[WARM:], way.cpu[WARM:], way.answered - WARM) for name, way in found.items()}


def at(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


def report(found: Mapping[str, Way], rounds: int) -> str:
    bare, lines = found[BARE], []
    for name, way in found.items():
        told = [name, f"{way.answered} of {len(way.ms)}"]
        for own, others in ((way.ms, bare.ms), (way.cpu, bare.cpu)):
            told += [f"{at(own, share):.1f}" for share in SHARES]
            told += [f"{at(own, share) - at(others, share):+.1f}" if way is not bare else "" for share in SHARES]
        lines.append(f"| {' | '.join(told)} |")
    return HEAD.format(day=datetime.now(UTC).date(), rounds=rounds) + "\n".join(lines) + "\n"


@contextmanager
def litellm(command: Path | None, model: Model) -> Iterator[str]:
    """A proxy with a live and a dead upstream, the one behind the other. -> base_url; empty without a command."""
    if command is None:
        yield ""
        return
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(json.dumps(upstreams(model)))  # JSON is YAML
        env = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
        env["LITELLM_MASTER_KEY"] = KEY
        quiet = subprocess.DEVNULL
        words = [str(command), "--config", str(config), "--port", str(port), "--host", "127.0.0.1"]
        child = subprocess.Popen(words, cwd=folder, env=env, stdin=quiet, stdout=quiet, stderr=quiet)
        try:
            wait_for(f"http://127.0.0.1:{port}/health/liveliness", child)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            child.kill()
            child.wait()


def upstreams(model: Model) -> dict[str, Any]:
    def row(name: str, url: str) -> dict[str, Any]:
        params = {"model": "openai/stub", "api_base": url, "api_key": "none", "max_retries": 0}
        return {"model_name": name, "litellm_params": params}

    gone = f"http://127.0.0.1:{free_port()}/v1"
    return {
        "model_list": [row("live", f"{model.url}/v1"), row("dead", gone)],
        "litellm_settings": {"num_retries": 0, "telemetry": False},
        "router_settings": {"num_retries": 0, "fallbacks": [{"dead": ["live"]}], "disable_cooldowns": True},
    }


def wait_for(url: str, child: "subprocess.Popen[bytes]", seconds: float = 300) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and child.poll() is None:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise RuntimeError(f"{url} does not answer")


async def run(rounds: int, command: Path | None) -> str:
    with model_server() as model, litellm(command, model) as proxy:
        return report(await measure(model, proxy, rounds), rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--litellm", type=Path, help="the proxy's command, in an environment of its own")
    parser.add_argument("--report", type=Path)
    asked = parser.parse_args()
    told = asyncio.run(run(asked.rounds, asked.litellm))
    print(told)
    if asked.report:
        asked.report.write_text(told)


if __name__ == "__main__":
    main()
