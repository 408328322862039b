"""Held steps in Postgres: any process of the service can go on with a run that another one holds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from app.graph.checkpoints import OnInterrupt, serializer

WAIT_S = 3.0  # for a connection
MOST = 4  # steps are held one by one, by persons


class PostgresInterruptSaver(OnInterrupt, AsyncPostgresSaver):
    """Connects, and makes its tables, with the first interrupt, or when a run is resumed."""

    conn: Any
    failures = (psycopg.Error, PoolTimeout, PoolClosed, OSError)

    def __init__(self, url: str) -> None:
        self._url = url
        self._ready = False
        self._preparing = asyncio.Lock()
        super().__init__(self._pool(), serde=serializer())

    def _pool(self) -> Any:
        own = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
        return AsyncConnectionPool(
            self._url,
            min_size=0,
            max_size=MOST,
            open=False,
            timeout=WAIT_S,
            reconnect_timeout=WAIT_S,
            check=AsyncConnectionPool.check_connection,  # one that lay idle may be stale
            kwargs=own,
        )

    @asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[Any]:
        await self._prepare()
        async with super()._cursor(pipeline=pipeline) as cursor:
            yield cursor

    async def _prepare(self) -> None:
        async with self._preparing:
            if self._ready:
                return
            await self.conn.open()
            self._ready = True  # from here on `setup` finds the way in itself
        try:
            await self.setup()
        except BaseException:  # a cancelled set-up is not ready either
            self._ready = False
            raise

    async def close(self) -> None:
        await self.conn.close()

    async def _afresh(self) -> None:
        async with self._preparing:
            await self.conn.close()
            self.conn, self._ready = self._pool(), False
