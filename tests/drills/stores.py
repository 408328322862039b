"""The store's fault drill: what a caller sees of a real service while its store is away, and how long it takes.

Run: python -m tests.drills.stores > docs/reports/stores.md   (Linux, as root: a full and a read-only disk are mounted)
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import median

import httpx

from tests.drills.conftest import ROOT, Service, free_port
from tests.weaviate_server.server import Server

CODE, WORDS = "What does E73-B mean and what do I check?", "Why does the passenger door not close?"
TABLE = b"Code,Meaning,Remedy\nE991-Q,Sand box empty,Refill the sand box\n"
UNCACHED = {"CACHE__SEARCH_TTL_S": "0"}  # what is remembered would be answered without asking the store
AFTER = 10  # questions after the first one
PATIENCE = 60.0


@dataclass
class Seen:
    """One answer, as short as a table takes it."""

    verdict: str
    degraded: list[str]
    ms: float

    def __str__(self) -> str:
        return f"{self.verdict}{' (' + ', '.join(self.degraded) + ')' if self.degraded else ''}, {self.ms:.0f} ms"


@dataclass
class Row:
    store: str
    fault: str
    code: str = ""
    words: str = ""
    after_ms: float = 0.0
    ready: str = ""
    ingest: str = ""
    back: str = ""
    answers: list[Seen] = field(default_factory=list)

    def line(self) -> str:
        after = f"{self.after_ms:.0f} ms" if self.after_ms else "–"
        cells = (self.store, self.fault, self.code, self.words, after, self.ready, self.ingest, self.back)
        return "| " + " | ".join(cell or "–" for cell in cells) + " |"


HEAD = """\
# When the store is away

What a caller of `POST /api/v1/debug` saw, from one run of `python -m tests.drills.stores` ({when}, two cores that were
busy with other work too; single runs, so read the milliseconds as sizes). Each row is a real service in a process of
its own over the sample shelf, with the default embedder and the `evidence` analyzer. The question by code is `{code}`,
the one by words `{words}`; {after} more by words follow. The embedded store is drilled by real faults: `kill -9`, bytes
over its file, a read-only and a full disk.

No Weaviate server was at hand for this run: Weaviate is the stand-in of `tests/weaviate_server`, which speaks its REST
and gRPC protocol to the real client. Its kill is a real one, of a process that comes back with nothing in it; slowness,
garbage and refusals are acted. The limits are the defaults: `query_s` 1.0, `patience_s` 1.0.

A code is answered in every row in which the records can be read. Of the questions after the first none waits for a
server that is away: that is the breaker. Words are not answered from the records alone; with `replica: embedded` they
are. `index_behind`: Weaviate would not take what was ingested, so its older index answers; the records have the new
document.

| store | fault | first, by code | by words | {after} more, median | `/readyz` | an ingest meanwhile | recovered |
|---|---|---|---|---|---|---|---|"""


def ask(service: Service, question: str) -> Seen:
    started = time.perf_counter()
    reply = httpx.post(f"{service.url}/api/v1/debug", json={"question": question}, timeout=PATIENCE)
    ms = (time.perf_counter() - started) * 1000
    body = reply.json()
    return Seen(body.get("verdict") or f"{reply.status_code} {body.get('code')}", body.get("degraded", []), ms)


def started(service: Service) -> str:
    since = time.perf_counter()
    service.start()
    return f"{time.perf_counter() - since:.1f} s"


def ready(service: Service) -> str:
    reply = httpx.get(f"{service.url}/readyz", timeout=PATIENCE)
    parts = reply.json()["parts"]
    amiss = [f"{name} {part['state']}" for name, part in parts.items() if part["state"] != "ok"]
    return f"{reply.status_code}, {', '.join(amiss) or 'all ok'}"


def ingest(service: Service, content: bytes = TABLE) -> str:
    started = time.perf_counter()
    files = {"file": ("sand.csv", content)}
    reply = httpx.post(f"{service.url}/api/v1/documents", files=files, timeout=PATIENCE)
    body = reply.json()
    return f"{reply.status_code} {body.get('state') or body.get('code')}, {(time.perf_counter() - started):.1f} s"


def look(service: Service, row: Row, *, takes_in: bool = True) -> Row:
    """Questions while the fault lasts; the first ones pay for finding out."""
    row.answers = [ask(service, CODE), ask(service, WORDS)]
    row.code, row.words = map(str, row.answers)
    more = [ask(service, WORDS) for _ in range(AFTER)]
    row.answers += more
    row.after_ms = median(seen.ms for seen in more)
    row.ready = ready(service)
    row.ingest = ingest(service) if takes_in else ""
    return row


def whole(service: Service, since: float) -> str:
    """Ask until nothing is degraded any more."""
    while time.perf_counter() - since < PATIENCE:
        if not ask(service, WORDS).degraded:
            return f"by itself, {time.perf_counter() - since:.1f} s"
        time.sleep(0.1)
    return f"not within {PATIENCE:.0f} s"


@contextmanager
def served(stocked: Path, **settings: str) -> Iterator[Service]:
    """A service over a copy of a stocked home."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service(
            Path(folder), {f"RAIL_DEBUG_{name}": value for name, value in {**UNCACHED, **settings}.items()}
        )
        shutil.copytree(stocked, service.home)
        try:
            yield service
        finally:
            if service.process:
                service.kill()


def weaviate(server: Server, replica: str) -> dict[str, str]:
    return {
        "RETRIEVAL__STORE": "weaviate",
        "RETRIEVAL__REPLICA": replica,
        "RETRIEVAL__WEAVIATE__URL": f"http://127.0.0.1:{server.rest_port}",
        "RETRIEVAL__WEAVIATE__GRPC_PORT": str(server.grpc_port),
        "RETRIEVAL__WEAVIATE__VECTORIZER": "none",
    }


def away(stocked: Path, replica: str) -> Iterator[Row]:
    """Absent at start, and killed in the middle: a process of its own, ended by -9, back with nothing in it."""
    name = f"weaviate{' + replica' if replica != 'none' else ''}"
    ports = Server(rest_port=free_port(), grpc_port=free_port())
    with served(stocked, **weaviate(ports, replica)) as service, child(ports) as (start, kill):
        took = started(service)
        row = look(service, Row(name, f"absent at start (ready in {took})"))
        since = time.perf_counter()
        start()
        row.back = whole(service, since)
        yield row
        kill()
        row = look(service, Row(name, "killed (-9), back without its disk"))
        since = time.perf_counter()
        start()
        row.back = whole(service, since)
        yield row


@contextmanager
def child(ports: Server) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    running: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        command = [sys.executable, "-m", "tests.weaviate_server.server", str(ports.rest_port), str(ports.grpc_port)]
        quiet = subprocess.DEVNULL
        running.append(subprocess.Popen(command, cwd=ROOT, stdin=quiet, stdout=quiet, stderr=quiet))

    def kill() -> None:
        for process in running:
            process.kill()
            process.wait()

    try:
        yield start, kill
    finally:
        kill()


def troubled(stocked: Path, replica: str) -> Iterator[Row]:
    """Slow, talking nonsense, read-only, full: the server is there."""
    name = f"weaviate{' + replica' if replica != 'none' else ''}"
    server = Server().start()
    faults = {
        "slow, 5 s a call": {"slow_s": 5.0},
        "garbage": {"garbage": True},
        "read-only": {"refuses": "store is read-only due to: manual or disk/memory usage"},
        "disk full": {"refuses": "no space left on device"},
    }
    try:
        with served(stocked, **weaviate(server, replica)) as service:
            service.start()
            for fault, set_ in faults.items():
                for field_, value in set_.items():
                    setattr(server.faults, field_, value)
                if "refuses" in set_:
                    told = ingest(service, TABLE + fault.encode())
                    row = look(service, Row(name, fault), takes_in=False)
                    row.ingest = told
                else:
                    row = look(service, Row(name, fault))
                for field_ in set_:
                    setattr(server.faults, field_, type(set_[field_])())
                row.back = whole(service, time.perf_counter())
                yield row
    finally:
        server.stop()


def embedded(stocked: Path) -> Iterator[Row]:
    """Its index is in memory, made from the records at each start; what can fail is their file."""
    with served(stocked) as service:
        took = started(service)
        yield look(service, Row("embedded", "absent at start: it always is, and is built", back=f"ready in {took}"))
        done = ingest(service, b"\n" + TABLE)
        service.kill()
        took = started(service)
        row = Row("embedded", f"killed (-9) right after an ingest ({done})", back=f"ready in {took} after the restart")
        yield look(service, row, takes_in=False)
    yield Row("embedded", "slow, 5 s a call: no server is called")
    yield from broken(stocked)
    yield from mounted(stocked)


def broken(stocked: Path) -> Iterator[Row]:
    with served(stocked) as service:
        service.start()
        ask(service, WORDS)
        file = service.home / "records.db"
        kept = file.read_bytes()
        with file.open("r+b") as opened:  # the same file, not another in its place
            opened.write(b"\xa5" * len(kept))
        row = look(service, Row("embedded", "garbage over the whole records.db"))
        service.kill()
        done = service.shell("ask", "E73-B")
        why = done.stderr.splitlines()[0].split(": ")[-1]
        row.back = f"no: `rail-debug ask` ends with {done.returncode}, {why!r}; restore a backup"
        yield row


def mounted(stocked: Path) -> Iterator[Row]:
    with disk(size="64m") as place, served(stocked) as service:
        shutil.copytree(service.home, place / "home")
        service.settings["RAIL_DEBUG_HOME"] = str(place / "home")
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        done = service.shell("ask", "E73-B", "--json")
        told = json.loads(done.stdout or "{}") if done.stdout.startswith("{") else {}
        what = told.get("verdict") or told.get("code") or done.stderr.splitlines()[0][:80]
        row = Row("embedded", "read-only disk at start", code=f"`rail-debug ask` ends with {done.returncode}: {what}")
        subprocess.run(["mount", "-o", "remount,rw", place], check=True)
        row.back = f"writable again: `rail-debug ask` ends with {service.shell('ask', 'E73-B').returncode}"
        yield row
    with disk(size="64m") as place, served(stocked) as service:
        shutil.copytree(service.home, place / "home")
        service.settings["RAIL_DEBUG_HOME"] = str(place / "home")
        service.start()
        ask(service, WORDS)
        subprocess.run(["dd", "if=/dev/zero", f"of={place}/filler", "bs=4k"], check=False, stderr=subprocess.DEVNULL)
        row = look(service, Row("embedded", "disk full"))
        (place / "filler").unlink()
        row.back = whole(service, time.perf_counter())
        yield row
        service.kill()


@contextmanager
def disk(size: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def stocked() -> Iterator[Path]:
    """A home with the sample shelf, closed in order."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder)).start()
        service.end()
        yield service.home


def main() -> None:
    print(HEAD.format(when=f"{date.today():%B %Y}", code=CODE, words=WORDS, after=AFTER))
    with stocked() as home:
        for rows in (
            embedded(home),
            away(home, "none"),
            troubled(home, "none"),
            away(home, "embedded"),
            troubled(home, "embedded"),
        ):
            for row in rows:
                print(row.line(), flush=True)


if __name__ == "__main__":
    main()
