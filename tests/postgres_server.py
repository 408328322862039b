"""A real Postgres in a folder of its own, for tests that need one."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psutil
import pytest

QUIET = subprocess.DEVNULL
NUMBERS = count()


@dataclass
class PostgresServer:
    """Listens on the loopback alone. It refuses to run as root, and is then run as `postgres`."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def make(self) -> None:
        shutil.chown(self.folder, *([user(), user()] if user() else []) or [os.getuid()])
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        own = ["-D", str(self.data), "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder)]
        command = [tool("postgres"), *own, "-c", "max_connections=60"]
        self.process = subprocess.Popen(command, stdin=QUIET, stdout=QUIET, stderr=QUIET, user=user(), cwd=self.folder)
        self._wait()

    def database(self) -> str:
        """-> the URL of a new and empty one."""
        import psycopg

        name = f"t{os.getpid()}_{next(NUMBERS)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def kill(self) -> None:
        """With -9, all of it at once, as when the machine goes down."""
        if self.process:
            whole = psutil.Process(self.process.pid)
            for each in [whole, *whole.children(recursive=True)]:  # each has a process group of its own
                with suppress(psutil.NoSuchProcess):
                    each.kill()
            self.process.wait()
        self.process = None

    def stop(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)
        self.process = None

    def _run(self, name: str, *words: str) -> None:
        subprocess.run(
            [tool(name), *words], stdin=QUIET, stdout=QUIET, stderr=QUIET, user=user(), cwd=self.folder, check=True
        )

    def _wait(self) -> None:
        import psycopg

        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise TimeoutError("Postgres did not start")


def user() -> str | None:
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        pytest.skip("Postgres does not run as root, and there is no user postgres")


def tool(name: str) -> str:
    """Debian keeps all but a few of Postgres's programs off the path."""
    found = shutil.which(name) or next(map(str, sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def postgres_server() -> PostgresServer:
    """Made and not started yet; skips the test where there is no Postgres. `discard` takes its folder away."""
    pytest.importorskip("psycopg")
    tool("initdb")
    folder = Path(tempfile.mkdtemp(prefix="rail-debug-postgres-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server = PostgresServer(folder, probe.getsockname()[1])
    server.make()
    return server


def discard(server: PostgresServer) -> None:
    server.kill()
    shutil.rmtree(server.folder, ignore_errors=True)
