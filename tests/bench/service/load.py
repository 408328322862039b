"""A closed loop: so many callers, each asking again as soon as it was answered, on a connection of its own."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httptools

from tests.bench.service import process


@dataclass(frozen=True, slots=True)
class Window:
    callers: int
    seconds: float
    warm_up: float


@dataclass(frozen=True, slots=True)
class Target:
    """`right` says whether this status and body are the answer to this question that was to come."""

    port: int
    path: str
    pid: int
    right: Callable[[str, int, bytes], bool]


@dataclass
class Measured:
    window: Window
    answers: int = 0  # the warm-up's too
    model_calls: int = 0
    latencies: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    cpu_ms: float = 0.0
    rss_mb: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.window.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the answers came."""
        ranked = sorted(self.latencies)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))] * 1000 if ranked else float("nan")


class Caller(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        self.answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_lost(self, error: Exception | None) -> None:
        if self.answer and not self.answer.done():
            self.answer.set_exception(error or ConnectionError("closed"))

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        if self.answer and not self.answer.done():
            self.answer.set_result((self.parser.get_status_code(), bytes(self.body)))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        self.parser, self.body = httptools.HttpResponseParser(self), bytearray()
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        async with asyncio.timeout(60):
            return await self.answer


def request(port: int, path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


async def connect(port: int) -> Caller:
    _, caller = await asyncio.get_running_loop().create_connection(Caller, "127.0.0.1", port)
    return caller


async def once(port: int, path: str, body: bytes) -> tuple[int, bytes]:
    caller = await connect(port)
    try:
        return await caller.ask(request(port, path, body))
    finally:
        caller.transport.close()


async def drive(target: Target, window: Window, questions: list[str]) -> Measured:
    """Answers that end within the window count, as does the CPU that was used in it."""
    bodies = [json.dumps({"question": question}).encode() for question in questions]
    requests = [request(target.port, target.path, body) for body in bodies]
    begin = time.perf_counter() + window.warm_up
    end = begin + window.seconds
    measured = Measured(window)

    async def call(number: int) -> None:
        caller = await connect(target.port)
        while (sent := time.perf_counter()) < end:
            question = questions[number % len(questions)]
            status, body = await caller.ask(requests[number % len(requests)])
            number += window.callers
            measured.answers += 1
            now = time.perf_counter()
            if begin <= now < end:
                measured.latencies.append(now - sent)
                if not target.right(question, status, body):
                    measured.wrong[f"{status} {body[:80].decode(errors='replace')}"] += 1
        caller.transport.close()

    async def watch() -> None:
        await asyncio.sleep(begin - time.perf_counter())
        before = process.cpu_seconds(target.pid)
        await asyncio.sleep(end - time.perf_counter())
        used = process.cpu_seconds(target.pid) - before
        measured.cpu_ms = used * 1000 / max(1, len(measured.latencies))
        measured.rss_mb = process.rss_mb(target.pid)

    await asyncio.gather(watch(), *(call(number) for number in range(window.callers)))
    return measured
