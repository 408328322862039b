"""Rounds as lines of a file: one JSON object each, only ever added to."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from app.analyzers.benchmark.base import History, Round
from app.core.errors import RecordsUnavailable
from app.core.wire import to_json

NAME = "benchmark_results.jsonl"


class Ledger:
    """Implements `History` around another one; the file is for people and other tools, and is not read back."""

    def __init__(self, file: Path, inner: History) -> None:
        self.file, self.inner = file, inner

    async def append(self, made: Round) -> None:
        """To both, also when one of them fails."""
        try:
            await asyncio.to_thread(self._write, to_json(made) + b"\n")
        except OSError as error:
            raise RecordsUnavailable(f"{self.file}: {error}.") from error
        finally:
            await self.inner.append(made)

    async def latest(self, limit: int) -> Sequence[Round]:
        return await self.inner.latest(limit)

    def _write(self, line: bytes) -> None:
        """In one write: lines of two processes do not mix."""
        with self.file.open("ab", buffering=0) as file:
            file.write(line)
