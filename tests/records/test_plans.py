"""Every query finds its rows by an index: none reads a large table from end to end."""

from app.core.experiment import Exposure, Outcome
from app.core.feedback import Credit, Feedback
from app.core.principal import LOCAL
from app.records.home import Records
from tests.records.samples import ANNA, CARLA, cut, pack, question

LARGE = ("documents", "d", "texts", "t", "chunks", "c", "chunk_codes", "k", "vectors", "v", "runs", "r", "packs", "p")
LARGE += ("feedback", "f", "prompt_changes", "exposures", "e", "outcomes", "o")


async def test_no_query_scans_a_large_table(records: Records) -> None:
    seen: list[str] = []
    connections = [records.db._borrow() for _ in range(4)]
    for connection in connections:
        connection.set_trace_callback(seen.append)
        records.db._give_back(connection)
    await records.db.write(lambda connection: connection.set_trace_callback(seen.append))
    await use_everything(records)

    asked = {sql for sql in seen if sql.split()[0] in ("SELECT", "UPDATE", "DELETE", "INSERT")}
    plans = {
        sql: await records.db.read(lambda c, sql=sql: [row[3] for row in c.execute(f"EXPLAIN QUERY PLAN {sql}")])
        for sql in asked
    }
    scans = {sql: plan for sql, plan in plans.items() if any(line.startswith(scan) for line in plan for scan in SCANS)}
    assert scans == {}
    assert len(asked) > 20


SCANS = tuple(f"SCAN {table}" for table in LARGE)


async def use_everything(records: Records) -> None:
    brought = cut("a.md", model="m")
    await records.documents.replace(LOCAL, "main", [brought, cut("b.md")])
    await records.documents.replace(LOCAL, "main", [cut("a.md", revision="B", model="m")])
    await records.documents.remove(LOCAL, "main", ["main/b.md"])
    await records.documents.list(LOCAL, "main")
    await records.documents.get(ANNA, "main/a.md")
    await records.documents.digests(LOCAL, "main", "m")
    await records.documents.digests(LOCAL, "main", "")
    await records.documents.vectors("m", list(brought.vectors))
    records.truth.changes("main", 0, "m")
    records.truth.passages("main", [piece.id for piece in brought.chunks])
    records.truth.by_code("main", ["E73-B", "E12-A"], 5)
    await records.runs.accept(ANNA, "r1", question())
    await records.runs.commit(ANNA, "r1", "awaiting_approval", pack("r1"))
    await records.runs.commit(CARLA, "r1", "answered", pack("r1"))
    await records.runs.get(ANNA, "r1")
    await records.runs.waiting(CARLA)
    await records.runs.recover()
    await records.feedback.add(ANNA, Feedback("r1", "up"), Credit())
    await records.feedback.list(ANNA, "main")
    await records.prompts.changes(LOCAL, "analyze")
    met = [Exposure("e", "u", "a", "r1", 1.0)]
    await records.experiments.note(LOCAL, "main", met, [Outcome("e", "u", "thumbs", 1.0, 1.0)])
    await records.experiments.counts(LOCAL, "main", "e")
