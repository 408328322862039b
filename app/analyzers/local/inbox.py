"""The questions that wait for a model: bounded, in order, without those whose asker has left."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from app.analyzers.local.options import LocalOptions
from app.analyzers.local.outbox import Outbox
from app.core.brief import Brief, Identity
from app.core.errors import AnalyzerRateLimited, AnalyzerTimeout, AnalyzerUnavailable, RailDebugError

T = TypeVar("T")


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


class Errand(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self.done: Future[T] = Future()

    def run(self) -> None:
        try:
            self.done.set_result(self._work())
        except BaseException as error:
            self.done.set_exception(error)
            if not isinstance(error, RailDebugError):
                raise


class Inbox:
    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: deque[Job] = deque()
        self._taken: list[Job] = []
        self._errands: deque[Errand[Any]] = deque()
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

    def errand(self, work: Callable[[], T]) -> "Future[T]":
        """Something to do to the model, on its thread, before the next question."""
        errand = Errand(work)
        with self._change:
            if self.closed:
                raise AnalyzerUnavailable(f"{self._name!r} is not loaded.")
            self._errands.append(errand)
            self._change.notify()
        return errand.done

    def take(self, *, wait: bool = True) -> Job | None:
        """The next one that is still wanted; None when there is none, and with `wait` only once this is closed."""
        while True:
            with self._change:
                while wait and not (self._jobs or self._errands or self.closed):
                    self._change.wait()
                errand = self._errands.popleft() if self._errands else None
                job = self._jobs.popleft() if self._jobs and not errand else None
            if errand:
                errand.run()
            elif job is None:
                return None
            elif time.monotonic() >= job.brief.deadline:
                job.out.fail(AnalyzerTimeout(f"{self._name!r} did not come to it in time."))
            elif not job.left:
                self._taken = [taken for taken in self._taken if not (taken.out.ended or taken.left)] + [job]
                return job

    def close(self) -> None:
        """Whoever waits is told; the worker's `take` returns None."""
        with self._change:
            self.closed = True
            waiting, self._jobs = self._jobs, deque()
            errands, self._errands = self._errands, deque()
            self._change.notify_all()
        told = AnalyzerUnavailable(f"{self._name!r} was unloaded.")
        for errand in errands:
            errand.done.set_exception(told)
        for job in waiting:
            job.out.fail(told)

    def abandon(self) -> None:
        """The worker's last act, however it ends: what it had taken and not answered is told so."""
        self.close()
        for job in self._taken:
            job.out.fail(AnalyzerUnavailable(f"{self._name!r} has ended in the middle."))
