"""The questions that wait for a model: bounded, in order, without those whose asker has left."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from app.analyzers.local.options import LocalOptions
from app.analyzers.local.outbox import Outbox
from app.core.brief import Brief, Identity
from app.core.errors import AnalyzerError, AnalyzerRateLimited, AnalyzerTimeout, AnalyzerUnavailable


@dataclass(eq=False, slots=True)
class Job:
    """One question. `leave` may be called from any thread, at any time."""

    brief: Brief
    own: LocalOptions
    identity: Identity
    out: Outbox = field(default_factory=Outbox)
    adapter: str = ""
    left: bool = False
    on_leave: Callable[[], None] | None = None

    def leave(self) -> None:
        self.left = True
        if self.on_leave:
            self.on_leave()


class Inbox:
    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: deque[Job] = deque()
        self._change = threading.Condition()
        self.closed = False

    def put(self, job: Job) -> None:
        """Raises `AnalyzerRateLimited` when as many wait as may, `AnalyzerUnavailable` after `close`."""
        with self._change:
            if self.closed:
                raise AnalyzerUnavailable(f"{self._name!r} is not loaded.")
            self._jobs = deque(waiting for waiting in self._jobs if not waiting.left)
            if len(self._jobs) >= job.own.waiting:
                raise AnalyzerRateLimited(f"{self._name!r} has {len(self._jobs)} questions waiting, as many as it may.")
            self._jobs.append(job)
            self._change.notify()

    def take(self, *, wait: bool = True) -> Job | None:
        """The next one that is still wanted; None when there is none, and with `wait` only once this is closed."""
        with self._change:
            while True:
                while self._jobs:
                    job = self._jobs.popleft()
                    if job.left:
                        continue
                    if time.monotonic() < job.brief.deadline:
                        return job
                    job.out.fail(AnalyzerTimeout(f"{self._name!r} did not come to it in time."))
                if self.closed or not wait:
                    return None
                self._change.wait()

    def close(self, error: AnalyzerError | None = None) -> None:
        """Whoever waits is told; the worker's `take` returns None."""
        with self._change:
            self.closed = True
            waiting, self._jobs = self._jobs, deque()
            self._change.notify_all()
        for job in waiting:
            job.out.fail(error or AnalyzerUnavailable(f"{self._name!r} was unloaded."))
