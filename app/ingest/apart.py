"""Files of formats that are hard to read are read in processes with limits; one that breaks them is replaced."""

import pickle
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import Pipe
from types import TracebackType

from app.core.errors import InvalidDocument, UnsupportedFormat
from app.core.wire import from_json
from app.faults.own import taught
from app.ingest.child import Limits, Reply
from app.ingest.parse import Job, Parsed

LARGEST = 512 * 2**20  # bytes of what a process hands back
PATIENCE = 3  # seconds that may pass for each second of computing: others use this machine too
START_S = 15  # seconds in which a process must have started
START = (
    "import pickle, sys; sys.path[:] = pickle.loads(bytes.fromhex(sys.argv[1])); "
    "from app.ingest.child import main; main()"
)


class Child:
    """A process that parses one file at a time. What comes back is data, checked by type: it is never executed."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._here, there = Pipe()
        own = str(taught() or "")
        words = (pickle.dumps(sys.path).hex(), str(there.fileno()), str(limits.memory), str(limits.seconds), own)
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter with our own words
            [sys.executable, "-I", "-c", START, *words],
            pass_fds=[there.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        there.close()

    def parse(self, job: Job) -> Parsed:
        """Raises `InvalidDocument`, `UnsupportedFormat`; `alive` tells whether there is a process still."""
        allowed = self.limits.of(len(job.content))
        try:
            self._here.send_bytes(pickle.dumps(job))
            if not self._here.poll(allowed * PATIENCE + START_S):
                self.kill()
                raise InvalidDocument(f"{job.path}: reading it took longer than {allowed * PATIENCE + START_S} s.")
            reply = from_json(Reply, self._here.recv_bytes(LARGEST))
        except (EOFError, OSError) as error:
            self.kill()
            raise InvalidDocument(f"{job.path}: {self._end(allowed)}.", hint="Split the file, or repair it.") from error
        if reply.spent:
            self.kill()
        return _opened(reply)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._here.close()

    @property
    def alive(self) -> bool:
        return not self._here.closed and self._process.poll() is None

    def _end(self, allowed: int) -> str:
        """How it ended, in words of the operator's. It may have been us, after it had ended."""
        ended = self._process.returncode
        if ended == -signal.SIGXCPU:
            return f"reading it took more than {allowed} s of computing"
        name = signal.Signals(-ended).name if ended and ended < 0 else f"status {ended}"
        return f"the process that read it broke down ({name})"


def _opened(reply: Reply) -> Parsed:
    if reply.parsed is not None:
        return reply.parsed
    if reply.unsupported:
        raise UnsupportedFormat(reply.reason, hint=reply.hint)
    raise InvalidDocument(reply.reason, hint=reply.hint, line=reply.line)


@dataclass
class Workshop:
    """As many children as `size`, each started when it is needed first. Leaving it ends them all, at once."""

    limits: Limits = field(default_factory=Limits)
    size: int = 2
    _idle: list[Child] = field(default_factory=list)
    _busy: set[Child] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: ThreadPoolExecutor | None = None
    _closed: bool = False

    def submit(self, job: Job) -> Future[Parsed]:
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self.size, thread_name_prefix="rail-debug-apart")
        return self._threads.submit(self.parse, job)

    def parse(self, job: Job) -> Parsed:
        child = self._take(job)
        try:
            return child.parse(job)
        finally:
            self._give_back(child)

    def _take(self, job: Job) -> Child:
        with self._lock:
            if self._closed:
                raise InvalidDocument(f"{job.path}: the ingest was stopped before it was read.")
            child = self._idle.pop() if self._idle else Child(self.limits)
            self._busy.add(child)
            return child

    def _give_back(self, child: Child) -> None:
        with self._lock:
            self._busy.discard(child)
            if child.alive and not self._closed:
                self._idle.append(child)
                return
        child.kill()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            children = [*self._idle, *self._busy]
            self._idle = []
        for child in children:
            child.kill()
        if self._threads:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> "Workshop":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
