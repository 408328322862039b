"""A checkpoint saver that costs nothing until a run is interrupted.

LangGraph saves after every step; a saver that wrote each of them would multiply the cost of a question. This one keeps
the newest checkpoint of a run in memory and writes it only when an interrupt arrives, so a held step survives a
restart and a plain answer never touches the disk.
"""

import logging
import sqlite3
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from app.graph.state import CHECKPOINTED

log = logging.getLogger(__name__)

INTERRUPT = "__interrupt__"


def serializer() -> JsonPlusSerializer:
    return JsonPlusSerializer(allowed_msgpack_modules=[(kind.__module__, kind.__qualname__) for kind in CHECKPOINTED])


class OnInterrupt(BaseCheckpointSaver[str]):
    """What a saver of any database does otherwise; it stands before that one in the bases of a class."""

    failures: tuple[type[Exception], ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lost: set[str] = set()
        self._held: dict[str, tuple[RunnableConfig, Checkpoint, CheckpointMetadata, ChannelVersions]] = {}

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        thread = config["configurable"]["thread_id"]
        self._held[thread] = (config, checkpoint, metadata, new_versions)
        return {
            "configurable": {
                "thread_id": thread,
                "checkpoint_ns": config["configurable"].get("checkpoint_ns", ""),
                "checkpoint_id": checkpoint["id"],
            }
        }

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """An interrupt that cannot be written still interrupts: the steps stay held, and `lost` tells why."""
        if not any(channel == INTERRUPT for channel, _ in writes):
            return
        thread = config["configurable"]["thread_id"]
        held = self._held.pop(thread, None)
        try:
            if held is not None:
                await super().aput(*held)
            await super().aput_writes(config, writes, task_id, task_path)
        except self.failures:
            log.exception("the checkpoint of run %s could not be written", thread)
            self._lost.add(thread)
            await self._afresh()

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """A run that is new here says so (`fresh`) and is not looked for on disk."""
        return None if config["configurable"].get("fresh") else await super().aget_tuple(config)

    def lost(self, run_id: str) -> bool:
        """Whether its checkpoint could not be written; told once."""
        try:
            self._lost.remove(run_id)
        except KeyError:
            return False
        return True

    async def holds(self, run_id: str) -> bool:
        """Whether the run can go on from where it waits; without its checkpoint it would begin anew, and empty."""
        try:
            return await self.aget_tuple({"configurable": {"thread_id": run_id}}) is not None
        except self.failures:
            log.exception("the checkpoints cannot be read")
            await self._afresh()
            return False

    async def drop(self, run_id: str, *, written: bool) -> None:
        """Forget a run that has ended; only one that waited has been written."""
        self._held.pop(run_id, None)
        if not written:
            return
        try:
            await self.adelete_thread(run_id)
        except self.failures:
            log.exception("the checkpoint of run %s, which has ended, stays", run_id)
            await self._afresh()

    async def close(self) -> None:
        raise NotImplementedError

    async def _afresh(self) -> None:
        """A full or lost disk, a server that was gone, may be back at the next try."""
        raise NotImplementedError


class InterruptSaver(OnInterrupt, AsyncSqliteSaver):
    """The database is opened with the first interrupt, or when a run is resumed that this process does not hold."""

    failures = (sqlite3.Error, OSError, ValueError)  # the last when the connection was closed over another failure

    def __init__(self, path: Path) -> None:
        import aiosqlite

        self._open = partial(aiosqlite.connect, path)
        super().__init__(self._open(), serde=serializer())
        self.jsonplus_serde = serializer()

    async def close(self) -> None:
        """Also after a failed opening: the connection's thread would keep the process from ending."""
        await self.conn.close()

    async def _afresh(self) -> None:
        """A full or lost disk may be back at the next try."""
        async with self.lock:
            await self.conn.close()
            self.conn, self.is_setup = self._open(), False
