"""A pool of threads whose work knows for which run it is done: spans and log lines of it belong there."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


class Threads(ThreadPoolExecutor):
    @property
    def waiting(self) -> int:
        """Work that no thread has taken yet."""
        return self._work_queue.qsize()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        return super().submit(partial(copy_context().run, fn, *args, **kwargs))
