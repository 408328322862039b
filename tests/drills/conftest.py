"""A real service in a process of its own, reached by port, signals and shell; and a model server beside it."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds for a start on a busy machine
Serve = Callable[..., "Service"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Service:
    """`rail-debug serve`, with nothing of this process's settings but what is handed in."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    keys: dict[str, str] = field(default_factory=dict)
    shadow: str = ""  # a folder of modules that hide the installed ones

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("RAIL_DEBUG_", "LLM_"))}
        own = {"HOME": str(self.folder), "RAIL_DEBUG_HOME": str(self.home), "RAIL_DEBUG_SERVICE__PORT": str(self.port)}
        return {**plain, "PYTHONPATH": os.pathsep.join(filter(None, [self.shadow, str(ROOT)])), **own, **self.settings}

    @property
    def log(self) -> str:
        return (self.folder / "service.log").read_text()

    def start(self) -> "Service":
        self.launch()
        self.wait()
        return self

    def launch(self) -> None:
        with (self.folder / "service.log").open("ab") as log:
            command = [sys.executable, "-m", "app.cli.main", "serve"]
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def wait(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            assert self.process is not None
            assert self.process.poll() is None, f"it ended by itself:\n{self.log}"
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"it is not ready after {PATIENCE} s:\n{self.log}")

    def end(self, how: int = signal.SIGTERM) -> int:
        """-> the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()

    def kill(self) -> None:
        self.end(signal.SIGKILL)

    def client(self, who: str | None = None) -> httpx.AsyncClient:
        """With the key of this name, or with none."""
        headers = {"authorization": f"Bearer {self.keys[who]}"} if who else {}
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        return httpx.AsyncClient(base_url=self.url, timeout=PATIENCE, headers=headers, limits=limits)

    def shell(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app.cli.main", *words]
        return subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=PATIENCE, check=False
        )


@pytest.fixture(scope="session")
def stocked_by_service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample shelf and the vectors of the real embedder."""
    made = Service(tmp_path_factory.mktemp("stocked"))
    done = made.shell("ask", "E73-B")
    assert done.returncode == 0, done.stderr
    return made.home


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory, stocked_by_service: Path) -> Iterator[Serve]:
    """Makes services of this module, each with a copy of the stocked home, started or not; ends them all."""
    made: list[Service] = []

    def make(*, start: bool = True, stocked: bool = True, **settings: str) -> Service:
        folder = tmp_path_factory.mktemp("service")
        if stocked:
            shutil.copytree(stocked_by_service, folder / "home")
        made.append(Service(folder, {f"RAIL_DEBUG_{name}": value for name, value in settings.items()}))
        return made[-1].start() if start else made[-1]

    yield make
    for service in made:
        if service.process is not None:
            service.kill()


@dataclass(frozen=True)
class Model:
    """The stub server in a process of its own; `plays` sets what every request meets from now on."""

    url: str

    async def plays(self, kind: str = "stream", **how: Any) -> None:
        async with httpx.AsyncClient() as client:
            await client.post(f"{self.url}/_ctl", json={"kind": kind, **how})

    async def stats(self) -> dict[str, int]:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{self.url}/_stats")).json()

    async def reaches(self, what: str, count: int, seconds: float = 10.0) -> bool:
        """Whether so many `requests` came, or so many clients left in the middle (`departures`), within this time."""
        async with asyncio.timeout(seconds):
            while (await self.stats())[what] < count:
                await asyncio.sleep(0.02)
        return True

    def row(self, **options: Any) -> dict[str, Any]:
        """Asked however often it failed, so that one fault does not hide the next."""
        return {"kind": "openai", "model": "stub", "base_url": f"{self.url}/v1", "failures": 0, **options}


@contextmanager
def model_server() -> Iterator[Model]:
    command = [sys.executable, "-m", "tests.llm_stub", "--port", "0"]
    child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        yield Model(child.stdout.readline().strip().removesuffix("/v1"))
    finally:
        child.kill()
        child.wait()


@pytest.fixture(scope="session")
def model() -> Iterator[Model]:
    with model_server() as made:
        yield made


async def listen(client: httpx.AsyncClient, body: dict[str, Any]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Events of a new run, as they come."""
    async with client.stream("POST", "/api/v1/debug/stream", json=body) as response:
        assert response.status_code == 200, await response.aread()
        async for event in read_events(response):
            yield event


async def read_events(response: httpx.Response) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield fields["event"], json.loads(fields["data"]) | {"id": fields["id"]}
            fields = {}
