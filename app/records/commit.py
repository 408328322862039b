"""Group commit: writes that wait together share one transaction and one wait for the disk."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import Any

from app.core.errors import RecordsUnavailable
from app.records.sql import Job

LARGEST = 256  # writes in one transaction: keeps the wait of the first one bounded


@dataclass(slots=True, eq=False)
class Write:
    """A job on its way; whoever commits it leaves a value or an error."""

    job: Job[Any]
    future: "asyncio.Future[Any]"
    value: Any = None
    error: Exception | None = None

    def settle(self) -> None:
        if self.future.done():  # its caller was cancelled meanwhile
            return
        if self.error is None:
            self.future.set_result(self.value)
        else:
            self.future.set_exception(self.error)


class GroupCommit:
    """One thread that takes whatever is queued; while it waits for the disk, the next batch gathers by itself."""

    def __init__(self, commit: Callable[[list[Write]], None]) -> None:
        self._commit = commit
        self._queue: SimpleQueue[Write | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="records-writer", daemon=True)
        self._closed = False

    def start(self) -> None:
        self._thread.start()

    async def submit(self, job: Job[Any]) -> Any:
        if self._closed:
            raise RecordsUnavailable("The records are closed.")
        write = Write(job, asyncio.get_running_loop().create_future())
        self._queue.put(write)
        return await write.future

    async def close(self) -> None:
        """Everything queued before is committed first."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        going = True
        while going:
            batch = self._gather()
            going = None not in batch
            if writes := [write for write in batch if write is not None]:
                self._settle(writes)

    def _gather(self) -> list[Write | None]:
        batch = [self._queue.get()]
        with suppress(Empty):
            while len(batch) < LARGEST and batch[-1] is not None:
                batch.append(self._queue.get_nowait())
        return batch

    def _settle(self, writes: list[Write]) -> None:
        try:
            self._commit(writes)
        except Exception as error:  # noqa: BLE001  handed to every caller; a dead writer would leave them waiting
            for write in writes:
                write.error = error
        for loop, group in groupby(writes, key=lambda write: write.future.get_loop()):
            with suppress(RuntimeError):  # that loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, list(group))


def settle(writes: list[Write]) -> None:
    for write in writes:
        write.settle()
