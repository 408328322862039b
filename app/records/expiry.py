"""What is taken out of the records: a run on request, and by a sweep what is older than the settings keep it."""

from collections.abc import Sequence
from typing import Any

from app.core.errors import Conflict, NotFound
from app.core.ids import now
from app.core.principal import Principal
from app.core.settings.records import RecordsSettings
from app.core.standing import Entry
from app.records import audit
from app.records.base import Swept
from app.records.runs import visible
from app.records.sql import Connection, Database, among

DAY = 86400.0
SLICE = 200  # runs that go in one write: a question that arrives meanwhile waits for no more
SWEEP = "retention"  # who, in the audit
OPEN = ("running", "awaiting_approval")

FORGET = (  # what names a run goes before it
    "DELETE FROM packs WHERE run_id ",
    "DELETE FROM gaps WHERE run_id ",
    "DELETE FROM runs WHERE id ",
)
FOUND = "SELECT id, kb, owner, status FROM runs WHERE id = ? AND "
OLD_RUNS = """SELECT id, kb FROM runs WHERE created_at < ? AND COALESCE(finished_at, created_at) < ?
    AND status NOT IN ('running', 'awaiting_approval') LIMIT ?"""
OLD_GAPS = "DELETE FROM gaps WHERE asked_at < ?"
OLD_ROUNDS = "DELETE FROM benchmark_rounds WHERE at < ?"


class SqlExpiry:
    """Each removal and its line in the audit are one transaction. The line says whose run went, not what was asked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def delete(self, principal: Principal, run_id: str, reason: str = "") -> None:
        """One's own run, any for `admin`. Raises `NotFound`, and `Conflict` for a run that has not ended."""
        where, values = visible(principal, "runs")
        line = audit.dated(Entry(principal.name, "run.deleted"))

        def job(connection: Connection) -> None:
            row = connection.execute(FOUND + where, (run_id, *values)).fetchone()
            if row is None or not (row[2] == principal.name or principal.may("admin")):
                raise NotFound(f"There is no run {run_id!r}.")
            _, kb, owner, status = row
            if status in OPEN:
                raise Conflict(f"Run {run_id!r} is {status}.", hint="Cancel it, or have its held steps decided, first.")
            remove(connection, [run_id])
            details = {"run": run_id, "owner": owner, "status": status, "reason": reason}
            audit.add(connection, audit.of(line, kb, details))

        await self._database.write(job)

    async def sweep(self, keep: RecordsSettings) -> Swept:
        """-> how many went. Short writes, one after the other; runs that wait for a person stay."""
        runs = await self._sweep_runs(keep.runs_days) if keep.runs_days else 0
        gaps = await self._sweep_rows(OLD_GAPS, keep.gaps_days) if keep.gaps_days else 0
        rounds = await self._sweep_rows(OLD_ROUNDS, keep.benchmarks_days) if keep.benchmarks_days else 0
        return Swept(runs, gaps, rounds)

    async def _sweep_runs(self, days: float) -> int:
        swept, old = 0, await self._old(days)
        while old:
            swept += await self._database.write(_forgetting(old, days))
            old = await self._old(days)
        return swept

    async def _old(self, days: float) -> list[Any]:
        since = now() - days * DAY
        values = (since, since, SLICE)
        return await self._database.read(lambda connection: connection.execute(OLD_RUNS, values).fetchall())

    async def _sweep_rows(self, delete: str, days: float) -> int:
        since = now() - days * DAY
        table = delete.split()[2]
        line = audit.dated(Entry(SWEEP, "records.swept"))

        def job(connection: Connection) -> int:
            count = connection.execute(delete, (since,)).rowcount
            if count:
                audit.add(connection, audit.of(line, "", {"kind": table, "days": days, "count": count}))
            return count

        return await self._database.write(job)


def _forgetting(old: Sequence[Any], days: float) -> Any:
    by_kb: dict[str, list[str]] = {}
    for run_id, kb in old:
        by_kb.setdefault(kb, []).append(run_id)
    lines = {kb: audit.dated(Entry(SWEEP, "records.swept")) for kb in by_kb}

    def job(connection: Connection) -> int:
        gone = 0
        for kb, ids in by_kb.items():
            count = remove(connection, ids)
            if count:
                details = {"kind": "runs", "days": days, "count": count, "first": min(ids), "last": max(ids)}
                audit.add(connection, audit.of(lines[kb], kb, details))
            gone += count
        return gone

    return job


def remove(connection: Connection, run_ids: Sequence[str]) -> int:
    """Within the caller's transaction -> how many runs there were."""
    gone = [connection.execute(forget + among(run_ids), run_ids).rowcount for forget in FORGET]
    return gone[-1]
