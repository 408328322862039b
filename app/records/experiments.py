"""Experiments, who was exposed to which arm, and what came of it: each unit counts once for each metric."""

from collections.abc import Sequence

from app.core.experiment import Counts, Experiment, Exposure, Outcome, Tally
from app.core.principal import Principal
from app.core.wire import from_json, to_json
from app.records.grants import granted, must_read
from app.records.sql import Connection, Database

KEEP = """INSERT INTO experiments (kb, name, owner, status, spec, changed_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (kb, name) DO UPDATE SET status = excluded.status, spec = excluded.spec,
    changed_at = excluded.changed_at"""
EXPOSE = """INSERT INTO exposures (kb, experiment, unit, arm, run_id, owner, at) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO NOTHING"""
COUNT = """INSERT INTO outcomes (kb, experiment, unit, metric, arm, owner, value, at)
    SELECT e.kb, e.experiment, e.unit, ?, e.arm, e.owner, ?, ? FROM exposures e
    WHERE e.kb = ? AND e.experiment = ? AND e.unit = ? ON CONFLICT DO NOTHING"""
ALL = "SELECT spec FROM experiments WHERE {granted} ORDER BY kb, name"
EXPOSED = "SELECT e.arm, COUNT(*) FROM exposures e WHERE e.kb = ? AND e.experiment = ? GROUP BY e.arm"
TALLIES = """SELECT o.arm, o.metric, COUNT(*), SUM(o.value), SUM(o.value * o.value) FROM outcomes o
    WHERE o.kb = ? AND o.experiment = ? GROUP BY o.arm, o.metric"""


class SqlExperiments:
    """Implements `prompts.base.ExperimentLog` by its shape."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, principal: Principal, experiment: Experiment) -> None:
        principal.must("operate", experiment.kb)
        text = to_json(experiment).decode()
        row = (experiment.kb, experiment.name, experiment.owner, experiment.status, text, experiment.changed_at)
        await self._database.write(lambda connection: connection.execute(KEEP, row) and None)

    async def all(self, principal: Principal) -> Sequence[Experiment]:
        must_read(principal)
        where, kbs = granted(principal)
        sql = ALL.format(granted=where)
        return await self._database.read(
            lambda connection: [from_json(Experiment, spec) for (spec,) in connection.execute(sql, kbs)]
        )

    async def note(
        self, principal: Principal, kb: str, exposures: Sequence[Exposure], outcomes: Sequence[Outcome]
    ) -> None:
        """Exposures first, so that an outcome finds its own."""
        principal.must("ask", kb)
        met = [(kb, e.experiment, e.unit, e.arm, e.run_id, principal.name, e.at) for e in exposures]
        came = [(o.metric, o.value, o.at, kb, o.experiment, o.unit) for o in outcomes]

        def job(connection: Connection) -> None:
            connection.executemany(EXPOSE, met)
            connection.executemany(COUNT, came)

        await self._database.write(job)

    async def counts(self, principal: Principal, kb: str, experiment: str) -> Counts:
        must_read(principal, kb)

        def job(connection: Connection) -> Counts:
            exposed = dict(connection.execute(EXPOSED, (kb, experiment)).fetchall())
            rows = connection.execute(TALLIES, (kb, experiment)).fetchall()
            return Counts(exposed, {(arm, metric): Tally(n, total, squares) for arm, metric, n, total, squares in rows})

        return await self._database.read(job)
