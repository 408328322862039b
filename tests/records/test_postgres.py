"""Postgres keeps what was acknowledged, comes back after it was gone, and serves several processes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.core.errors import Conflict, InvalidInput, NotFound, RecordsUnavailable
from app.core.question import Question
from app.records.home import Records, open_records
from app.records.sql import Connection
from tests.postgres_server import PostgresServer, discard, postgres_server
from tests.records.samples import ANNA, cut, pack, question

pytestmark = pytest.mark.slow


@pytest.fixture
async def own(tmp_path: Path, postgres: PostgresServer) -> AsyncIterator[Records]:
    records = open_records(tmp_path / "home", postgres.database())
    await records.open()
    yield records
    await records.close()


async def test_a_job_that_fails_harms_no_other_of_its_batch(own: Records) -> None:
    await own.db.write(lambda c: c.execute("CREATE TABLE words (word TEXT PRIMARY KEY)").rowcount)

    def add(word: str) -> object:
        return lambda c: c.execute("INSERT INTO words (word) VALUES (?)", (word,)).rowcount

    def refuse(connection: Connection) -> None:
        connection.execute("INSERT INTO words (word) VALUES ('refused')")
        raise NotFound("There is no such thing.")

    def down(connection: Connection) -> None:
        connection.execute("ROLLBACK")
        connection.execute("INSERT INTO nowhere (word) VALUES ('lost')")

    jobs = [add("first"), refuse, add("second"), add("first"), add("a\0b"), down, add("third")]
    writes = [asyncio.ensure_future(own.db.write(job)) for job in jobs]  # type: ignore[arg-type]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [int, NotFound, int, Conflict, InvalidInput, RecordsUnavailable, int]
    rows = await own.db.read(lambda c: c.execute("SELECT word FROM words ORDER BY word").fetchall())
    assert [word for (word,) in rows] == ["first", "second", "third"]


async def test_a_reader_cannot_write_and_sees_one_snapshot(own: Records) -> None:
    with pytest.raises(RecordsUnavailable):
        await own.db.read(lambda c: c.execute("DELETE FROM runs").rowcount)
    between = asyncio.Event()
    loop = asyncio.get_running_loop()

    def twice(connection: Connection) -> tuple[int, int]:
        first = connection.execute("SELECT COUNT(*) FROM runs").fetchone()[0]
        loop.call_soon_threadsafe(between.set)
        asyncio.run_coroutine_threadsafe(own.runs.accept(ANNA, "r1", question()), loop).result(10)
        return first, connection.execute("SELECT COUNT(*) FROM runs").fetchone()[0]

    assert await own.db.read(twice) == (0, 0)
    assert (await own.runs.get(ANNA, "r1")).status == "running"


async def test_two_services_answer_and_neither_gives_up_the_other_s_runs(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    url = postgres.database()
    first, second = open_records(tmp_path / "one", url), open_records(tmp_path / "two", url)
    await first.open(serve=True)
    await first.runs.accept(ANNA, "r1", question())
    await second.open(serve=True)
    assert (await second.runs.get(ANNA, "r1")).status == "running"
    await second.documents.replace(ANNA, "main", [cut("a.md")])
    assert first.truth.index_version("main") == 1
    await first.runs.commit(ANNA, "r1", "answered", pack("r1"))
    await second.close()
    await first.runs.accept(ANNA, "r2", question())
    await first.close()
    third = open_records(tmp_path / "three", url)
    await third.open(serve=True)
    assert (await third.runs.get(ANNA, "r2")).error == "interrupted"
    await third.close()


async def test_processes_that_ingest_at_once_leave_one_generation(tmp_path: Path, postgres: PostgresServer) -> None:
    url = postgres.database()
    both = [open_records(tmp_path / name, url) for name in ("one", "two")]
    for records in both:
        await records.open()
    cuts = [cut("a.md", 5, revision=str(n)) for n in range(20)]
    await asyncio.gather(*(both[n % 2].documents.replace(ANNA, "main", [one]) for n, one in enumerate(cuts)))
    (row,) = await both[0].documents.list(ANNA, "main")
    assert both[1].truth.index_version("main") == row.generation == 20
    counted = await both[0].db.read(lambda c: c.execute("SELECT COUNT(*) FROM chunks").fetchone())
    assert counted == (5,)
    for records in both:
        await records.close()


async def test_several_that_open_an_empty_database_at_once_make_its_tables_once(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    url = postgres.database()
    several = [open_records(tmp_path / str(n), url) for n in range(4)]
    await asyncio.gather(*(records.open() for records in several))
    await asyncio.gather(*(records.close() for records in several))


async def test_a_text_that_postgres_cannot_keep_is_told(own: Records) -> None:
    await own.runs.accept(ANNA, "r1", Question("a\0b"))  # in JSON it is escaped
    assert (await own.runs.get(ANNA, "r1")).question.text == "a\0b"


async def test_a_server_that_comes_back_is_used_again(tmp_path: Path) -> None:
    server = postgres_server()
    try:
        server.start()
        records = open_records(tmp_path / "home", server.database())
        await records.open(serve=True)
        await records.runs.accept(ANNA, "r1", question())
        assert records.db.trouble == ""
        server.kill()
        with pytest.raises(RecordsUnavailable):
            await records.runs.get(ANNA, "r1")
        with pytest.raises(RecordsUnavailable):
            await records.runs.accept(ANNA, "r2", question())
        assert records.db.trouble
        server.start()
        assert (await records.runs.get(ANNA, "r1")).status == "running"
        await records.runs.accept(ANNA, "r2", question())
        assert records.db.trouble == ""
        await records.close()
    finally:
        discard(server)


async def test_a_server_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(RecordsUnavailable, match="Postgres"):
        await open_records(tmp_path, "postgresql://postgres@127.0.0.1:1/none").open()
