"""One thread that alone touches one model, from opening to closing: libraries abort when two do."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Generic, Protocol, TypeVar

from app.analyzers.local.inbox import Inbox, Job
from app.core.errors import AnalyzerUnavailable


class Model(Protocol):
    """All of it is called on the worker's thread, but for `interrupt` and `count`."""

    def serve(self, inbox: Inbox) -> None:
        """Answers jobs until the inbox is closed. Raises nothing for one job: it fails that job."""
        ...

    def interrupt(self) -> None:
        """Ends what is being computed, from any thread."""
        ...

    def count(self, text: str) -> int: ...


M = TypeVar("M", bound=Model)
T = TypeVar("T")


class Worker(Generic[M]):
    def __init__(self, name: str, opened: Callable[[], AbstractContextManager[M]]) -> None:
        self._inbox = Inbox(name)
        self._opened = opened
        self._model: M | None = None
        self._loaded: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name=f"rail-debug-{name}", daemon=True)

    async def start(self) -> None:
        """Raises what opening the model raised."""
        self._thread.start()
        await asyncio.wrap_future(self._loaded)

    async def stop(self) -> None:
        """Ends what is being answered, and returns once the model's memory is given back."""
        self._inbox.close()
        if self._model:
            self._model.interrupt()
        self._model = None
        await asyncio.to_thread(self._thread.join)

    def put(self, job: Job) -> None:
        self._inbox.put(job)

    async def errand(self, work: Callable[[M], T]) -> T:
        """Do something to the model on its own thread. Raises what `work` raises."""
        model = self._model
        if model is None:
            raise AnalyzerUnavailable("The model is not loaded.")
        return await asyncio.wrap_future(self._inbox.errand(lambda: work(model)))

    def count(self, text: str) -> int | None:
        """None while there is no model."""
        return self._model.count(text) if self._model else None

    def _run(self) -> None:
        try:
            with self._opened() as model:
                self._model = model
                self._loaded.set_result(None)
                model.serve(self._inbox)
        except BaseException as error:
            if self._loaded.done():
                raise
            self._loaded.set_exception(error)
        finally:
            self._inbox.abandon()
            self._model = None
