"""One writer that commits in groups, many readers, and what both do when the disk does not play along."""

import asyncio
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from app.core.errors import Conflict, NotFound, RecordsUnavailable
from app.core.principal import LOCAL
from app.records.commit import GroupCommit, Write
from app.records.home import Records
from app.records.sql import Connection
from app.records.sqlite import Database
from tests.records.samples import ANNA, cut, pack, question
from tests.records.whole import broken


def add(word: str) -> object:
    return lambda connection: connection.execute("INSERT INTO words (word) VALUES (?)", (word,)).rowcount


def refuse(connection: Connection) -> None:
    connection.execute("INSERT INTO words (word) VALUES ('refused')")
    raise NotFound("There is no such thing.")


def hurt(connection: Connection) -> None:
    connection.execute("INSERT INTO nowhere (word) VALUES ('lost')")


def stumble(connection: Connection) -> None:
    raise ZeroDivisionError


@pytest.fixture
async def words(records: Records) -> Database:
    await records.db.write(lambda c: c.execute("CREATE TABLE words (word TEXT PRIMARY KEY)").rowcount)
    return records.db


async def stored(database: Database) -> set[str]:
    return {row[0] for row in await database.read(lambda c: c.execute("SELECT word FROM words").fetchall())}


class Held:
    """Keeps the writer busy until it is let go, so that a batch gathers behind it."""

    def __init__(self, database: Database) -> None:
        self._go, self._busy = threading.Event(), threading.Event()
        self._task = asyncio.ensure_future(database.write(self._hold))

    async def __aenter__(self) -> None:
        await asyncio.to_thread(self._busy.wait, 5)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0)  # the tasks made meanwhile get to queue their writes
        self._go.set()
        await self._task

    def _hold(self, connection: Connection) -> None:
        self._busy.set()
        self._go.wait(5)


async def test_writes_that_wait_together_share_one_commit(words: Database) -> None:
    seen: list[str] = []
    await words.write(lambda connection: connection.set_trace_callback(seen.append))
    seen.clear()
    async with Held(words):
        writes = [asyncio.ensure_future(words.write(add(f"w{n}"))) for n in range(20)]
    assert await asyncio.gather(*writes) == [1] * 20
    assert sum(statement.startswith("COMMIT") for statement in seen) == 2  # the held one's, and one for all twenty
    assert len(await stored(words)) == 20


async def test_a_job_that_fails_harms_no_other_of_its_batch(words: Database) -> None:
    async with Held(words):
        jobs = [add("first"), refuse, add("second"), hurt, add("first"), stumble, add("third")]
        writes = [asyncio.ensure_future(words.write(job)) for job in jobs]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    kinds = [type(outcome).__name__ for outcome in outcomes]
    assert kinds == ["int", "NotFound", "int", "RecordsUnavailable", "Conflict", "ZeroDivisionError", "int"]
    assert await stored(words) == {"first", "second", "third"}


async def test_a_job_that_brings_the_transaction_down_fails_alone(words: Database) -> None:
    def down(connection: Connection) -> None:
        connection.execute("ROLLBACK")
        connection.execute("INSERT INTO nowhere (word) VALUES ('lost')")

    async with Held(words):
        writes = [asyncio.ensure_future(words.write(job)) for job in (add("first"), down, add("second"))]
    first, second, third = await asyncio.gather(*writes, return_exceptions=True)
    assert (first, type(second), third) == (1, RecordsUnavailable, 1)
    assert await stored(words) == {"first", "second"}


async def test_a_job_whose_fault_shows_only_at_the_commit_fails_alone(words: Database) -> None:
    def orphan(connection: Connection) -> None:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        connection.execute("INSERT INTO texts (document_id, generation, text) VALUES ('nowhere', 1, 'lost')")

    async with Held(words):
        writes = [asyncio.ensure_future(words.write(job)) for job in (add("first"), orphan, add("second"))]
    first, second, third = await asyncio.gather(*writes, return_exceptions=True)
    assert (first, type(second), third) == (1, Conflict, 1)
    assert await stored(words) == {"first", "second"}


async def test_a_caller_that_left_stops_nobody(words: Database) -> None:
    async with Held(words):
        gone = asyncio.ensure_future(words.write(add("gone")))
        stays = asyncio.ensure_future(words.write(add("stays")))
        await asyncio.sleep(0)
        gone.cancel()
    assert await stays == 1


async def test_closing_commits_what_is_queued(records: Records) -> None:
    writes = [asyncio.ensure_future(records.runs.accept(ANNA, f"r{n}", question())) for n in range(50)]
    await asyncio.sleep(0)
    await records.close()
    await asyncio.gather(*writes)
    again = Database(records.db.path)
    await again.open()
    assert await again.read(lambda c: c.execute("SELECT COUNT(*) FROM runs").fetchone()) == (50,)
    await again.close()


async def test_a_write_is_seen_by_the_next_read_from_any_thread(words: Database) -> None:
    for n in range(20):
        await words.write(add(f"w{n}"))
        found = await asyncio.gather(*(asyncio.to_thread(words.read_now, count) for _ in range(8)))
        assert found == [n + 1] * 8


def count(connection: Connection) -> int:
    return int(connection.execute("SELECT COUNT(*) FROM words").fetchone()[0])


async def test_a_read_sees_one_snapshot(words: Database) -> None:
    between, resume = threading.Event(), threading.Event()

    def twice(connection: Connection) -> tuple[int, int]:
        first = count(connection)
        between.set()
        resume.wait(5)
        return first, count(connection)

    reading = asyncio.ensure_future(words.read(twice))
    await asyncio.to_thread(between.wait, 5)
    await words.write(add("later"))
    resume.set()
    assert await reading == (0, 0)


async def test_a_reader_cannot_write(words: Database) -> None:
    with pytest.raises(RecordsUnavailable):
        await words.read(add("stray"))
    assert await stored(words) == set()


async def test_a_full_disk_refuses_and_once_there_is_room_takes_again(records: Records) -> None:
    await records.documents.replace(LOCAL, "main", [cut("a.md", 3)])

    def fill(connection: Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 8}")

    await records.db.write(fill)
    with pytest.raises(RecordsUnavailable):
        await records.documents.replace(LOCAL, "main", [cut("a.md", 300, revision="B"), cut("b.md", 300)])
    async with Held(records.db):
        large = asyncio.ensure_future(records.documents.replace(LOCAL, "main", [cut("c.md", 300)]))
        await asyncio.sleep(0.05)  # its rows are made in a thread first
        small = asyncio.ensure_future(records.runs.accept(ANNA, "r1", question()))
    with pytest.raises(RecordsUnavailable):
        await large
    await small  # there was room for this one
    assert [(row.path, row.revision, row.generation) for row in await records.documents.list(LOCAL, "main")] == [
        ("a.md", "A", 1)
    ]
    assert broken(records.db.path) == {}

    await records.db.write(lambda c: c.execute("PRAGMA max_page_count = 1000000").fetchone())
    assert await records.documents.replace(LOCAL, "main", [cut("a.md", 300, revision="B")]) == 2
    assert broken(records.db.path) == {}


async def test_a_file_that_turned_read_only_refuses_and_is_opened_anew(records: Records) -> None:
    await records.runs.accept(ANNA, "r1", question())
    await records.db.write(lambda c: c.execute("PRAGMA query_only = ON").fetchone())
    with pytest.raises(RecordsUnavailable, match="readonly"):
        await records.runs.commit(ANNA, "r1", "answered", pack("r1"))
    assert (await records.runs.get(ANNA, "r1")).status == "running"
    await records.runs.commit(ANNA, "r1", "answered", pack("r1"))
    assert (await records.runs.get(ANNA, "r1")).pack == pack("r1")


@pytest.mark.parametrize("hide", ["home", "home/records.db"])
async def test_a_file_that_is_gone_for_a_while_is_neither_lost_nor_replaced(records: Records, hide: str) -> None:
    records.db._drop()  # as after an input/output error
    path = records.folder.parent / hide
    hidden = path.rename(records.folder.parent / "unmounted")
    with pytest.raises(RecordsUnavailable):
        await records.runs.accept(ANNA, "r1", question())
    with pytest.raises(RecordsUnavailable):
        await records.runs.get(ANNA, "r1")
    hidden.rename(path)
    await records.runs.accept(ANNA, "r1", question())
    assert (await records.runs.get(ANNA, "r1")).status == "running"


async def test_another_process_that_writes_is_waited_for(records: Records) -> None:
    other = sqlite3.connect(records.db.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    write = asyncio.ensure_future(records.runs.accept(ANNA, "r1", question()))
    await asyncio.sleep(0.05)
    assert not write.done()
    other.execute("COMMIT")
    other.close()
    await write


async def test_a_database_that_stays_locked_fails_all_who_wait_at_once(records: Records) -> None:
    await records.db.write(lambda c: c.execute("PRAGMA busy_timeout = 100").fetchone())
    other = sqlite3.connect(records.db.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    writes = [records.runs.accept(ANNA, f"r{n}", question()) for n in range(30)]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {RecordsUnavailable}
    assert time.monotonic() - started < 1.5  # one after the other would take 3 s
    other.execute("ROLLBACK")
    other.close()
    await records.runs.accept(ANNA, "r0", question())


@pytest.mark.parametrize("content", [b"this is no database at all, but it is long enough" * 40])
async def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "records.db"
    path.write_bytes(content)
    with pytest.raises(RecordsUnavailable, match="not a database"):
        await Database(path).open()
    assert path.read_bytes() == content


async def test_a_path_that_cannot_hold_a_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordsUnavailable):
        await Database(tmp_path / "file" / "records.db").open()


async def test_durability_is_what_it_says(records: Records) -> None:
    def modes(connection: Connection) -> list[object]:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.execute(f"PRAGMA {pragma}").fetchone()[0] for pragma in pragmas]

    assert await records.db.write(modes) == ["wal", 2, 1]


async def test_closed_records_refuse_at_once(records: Records) -> None:
    resume = threading.Event()
    reading = asyncio.ensure_future(asyncio.to_thread(records.db.read_now, lambda _: resume.wait(5)))
    await asyncio.sleep(0.02)
    await records.close()
    resume.set()
    assert await reading  # who was reading may finish
    for call in (records.runs.get(ANNA, "r1"), records.runs.accept(ANNA, "r1", question())):
        with pytest.raises(RecordsUnavailable, match="closed"):
            await call


async def test_a_commit_that_breaks_unforeseen_leaves_nobody_waiting() -> None:
    def broken_commit(batch: list[Write]) -> None:
        raise ZeroDivisionError

    group = GroupCommit(broken_commit)
    group.start()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await group.submit(lambda connection: None)
    await group.close()
