"""`make bench`: the service beside a plain floor and the usual framework, in turns, so that noise hurts all alike.

Each round runs every service in every cell (callers x model latency) and takes its ratio to the floor of that round;
the report shows medians over the rounds.
"""

import argparse
import asyncio
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median

from tests.bench.service import load, shelf
from tests.bench.service.load import Measured

ROOT = Path(__file__).parents[3]
REPORT = ROOT / "docs" / "reports" / "service.md"
CALLERS = (1, 16, 64)
LATENCIES = (0, 50)
PATHS = {"floor": "/ask", "langgraph_peer": "/ask", "ours": "/api/v1/debug"}
NAMES = {"floor": "FastAPI + httpx (floor)", "langgraph_peer": "FastAPI + LangGraph + ChatOpenAI", "ours": "Rail Debug"}
Cell = tuple[str, int, int]  # service, callers, latency
Good = Callable[[int, bytes], bool]


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    target: load.Target
    first_answer_s: float


def right(question: str, status: int, body: bytes) -> bool:
    """Five sources, all of the fault that was asked for, and its cause, said by the model and not by a fallback."""
    if status != 200:
        return False
    told = json.loads(body)
    name = shelf.asked(question)
    sources = told.get("sources") or told.get("passages") or ()
    said = told.get("answer") or "".join(hypothesis["cause"] for hypothesis in told.get("hypotheses", ()))
    found = [source["source"] for source in sources]
    return found == [f"{name}.md"] * 5 and shelf.cause(name) in said and not told.get("degraded")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(module: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    quiet = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "LANGSMITH_TRACING": "false"}
    command = [sys.executable, "-m", f"tests.bench.service.{module}", *arguments]
    child = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **quiet}, stdin=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def answers(port: int, path: str, body: bytes, child: subprocess.Popen[bytes], good: Good) -> float:
    """Seconds until the first answer, which has to be good."""
    began = time.perf_counter()
    while time.perf_counter() - began < 120:
        if child.poll() is not None:
            raise SystemExit(f"{child.args} ended with {child.returncode} before it answered.")
        try:
            status, told = asyncio.run(load.once(port, path, body))
        except OSError:
            time.sleep(0.05)
            continue
        if good(status, told):
            return time.perf_counter() - began
        raise SystemExit(f"{path} gave a wrong answer: {status} {told[:600]!r}")
    raise SystemExit(f"{path} did not answer within two minutes.")


def asked_of(model: int) -> int:
    return int(asyncio.run(load.once(model, "/count", b""))[1])


def start(stack: ExitStack, name: str, model: int, chunks: int) -> Service:
    port = free_port()
    arguments = ["--port", str(port), "--model-url", f"http://127.0.0.1:{model}/v1", "--chunks", str(chunks)]
    if name == "ours":
        arguments += ["--home", stack.enter_context(tempfile.TemporaryDirectory())]
        with started(name, *arguments, "--stock") as stocking:
            if stocking.wait(600):
                raise SystemExit("the knowledge could not be ingested")
    child = stack.enter_context(started(name, *arguments))
    question = shelf.questions(chunks)[0]
    body = json.dumps({"question": question}).encode()
    first_answer = answers(port, PATHS[name], body, child, partial(right, question))
    return Service(name, load.Target(port, PATHS[name], child.pid, right), first_answer)


def start_model(stack: ExitStack) -> int:
    port = free_port()
    child = stack.enter_context(started("model", "--port", str(port)))
    answers(port, "/latency", b"0", child, lambda status, told: status == 200)
    return port


def measure(services: list[Service], model: int, given: argparse.Namespace) -> list[dict[Cell, Measured]]:
    questions, rounds = shelf.questions(given.chunks), []
    for number in range(given.rounds):
        cells: dict[Cell, Measured] = {}
        for latency in LATENCIES:
            asyncio.run(load.once(model, "/latency", str(latency).encode()))
            for callers in CALLERS:
                window = load.Window(callers, given.seconds, given.warm_up)
                for service in services[number % len(services) :] + services[: number % len(services)]:
                    before = asked_of(model)
                    cell = asyncio.run(load.drive(service.target, window, questions))
                    cell.model_calls = asked_of(model) - before
                    cells[service.name, callers, latency] = cell
                    print(f"{number + 1} {service.name:14} {callers:3} x {latency:3} ms: {line(cell)}", flush=True)
        rounds.append(cells)
    return rounds


def line(cell: Measured) -> str:
    wrong = f", wrong {dict(cell.wrong)}" if cell.wrong else ""
    return (
        f"{cell.per_second:7.1f}/s  p50 {cell.percentile(0.5):7.1f}  p95 {cell.percentile(0.95):7.1f}"
        f"  p99 {cell.percentile(0.99):7.1f} ms  CPU {cell.cpu_ms:6.2f} ms  RSS {cell.rss_mb:5.0f} MB"
        f"  {cell.model_calls / max(1, cell.answers):.2f} model calls{wrong}"
    )


def ratio(mine: float, floor: float) -> float:
    return mine / floor if floor else float("nan")  # a short window may hold no tick of the CPU clock


def table(rounds: list[dict[Cell, Measured]], services: list[Service]) -> Iterator[str]:
    yield "| service | callers | model | requests/s | to floor | p50 | p95 | p99 | CPU ms/request | to floor | RSS MB |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    for latency in LATENCIES:
        for callers in CALLERS:
            for service in services:
                mine = [cells[service.name, callers, latency] for cells in rounds]
                floor = [cells["floor", callers, latency] for cells in rounds]
                pairs = list(zip(mine, floor, strict=True))
                values = [
                    f"{median(m.per_second for m in mine):.0f}",
                    f"{median(ratio(m.per_second, f.per_second) for m, f in pairs):.2f}",
                    *(f"{median(m.percentile(share) for m in mine):.1f}" for share in (0.5, 0.95, 0.99)),
                    f"{median(m.cpu_ms for m in mine):.2f}",
                    f"{median(ratio(m.cpu_ms, f.cpu_ms) for m, f in pairs):.2f}",
                    f"{median(m.rss_mb for m in mine):.0f}",
                ]
                yield f"| {NAMES[service.name]} | {callers} | {latency} ms | {' | '.join(values)} |"


def report(rounds: list[dict[Cell, Measured]], services: list[Service], given: argparse.Namespace) -> str:
    wrong = sum(sum(cell.wrong.values()) for cells in rounds for cell in cells.values())
    calls = median(cell.model_calls / max(1, cell.answers) for cells in rounds for cell in cells.values())
    asked = sum(len(cell.latencies) for cells in rounds for cell in cells.values())
    starts = "; ".join(f"{NAMES[s.name]} {s.first_answer_s:.1f} s" for s in services)
    return "\n".join(
        [
            "# The service beside others\n",
            f"Written by `make bench` on {date.today().isoformat()}: {platform.machine()}, {os.cpu_count()} cores,"
            f" Python {platform.python_version()}, one worker each. {given.chunks} chunks, the same hash embedding in"
            " all, top 5, a prompt of about 3.5 kB, a model stub with 0 or 50 ms, JSON with five sources. The peers"
            f" neither check nor keep an answer. Medians of {given.rounds} interleaved rounds of {given.seconds:g} s;"
            " ratios are taken within a round. CPU is user and system time of the service's processes; load generator"
            " and stub share the same cores. At 64 callers httpx's connection pool, which looks at every connection for"
            " every request, weighs on both peers: 1 and 16 callers compare the services.\n",
            *table(rounds, services),
            f"\n{asked} answers were counted, {wrong} of them wrong; {calls:.2f} model calls an answer."
            f" From exec to the first right answer: {starts}.\n",
        ]
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--chunks", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=6.0)
    options.add_argument("--warm-up", type=float, default=1.0)
    options.add_argument("--only", nargs="+", choices=list(PATHS), default=list(PATHS), help="the floor is always run")
    options.add_argument("--report", type=Path, default=REPORT)
    given = options.parse_args()
    with ExitStack() as stack:
        model = start_model(stack)
        wanted = [name for name in PATHS if name == "floor" or name in given.only]
        services = [start(stack, name, model, given.chunks) for name in wanted]
        rounds = measure(services, model, given)
    given.report.parent.mkdir(parents=True, exist_ok=True)
    given.report.write_text(report(rounds, services, given), encoding="utf-8")
    print(f"Written to {given.report}.")


if __name__ == "__main__":
    main()
