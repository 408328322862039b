"""Several processes of one service come to the same active analyzer, through a real Redis."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from app.analyzers.agreement import ThroughRedis
from app.core.standing import Choice
from tests.analyzers.houses import MemoryStandings, World, fake, house, said, soon, table

ROWS = {"a": fake(mb=10), "b": fake(mb=10)}


class Redis:
    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("redis-server did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def redis() -> Iterator[Redis]:
    pytest.importorskip("redis")
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server here")
    server = Redis()
    server.start()
    try:
        yield server
    finally:
        server.stop()


def agreement(server: Redis, every_s: float = 0.05) -> ThroughRedis:
    return ThroughRedis(server.url, "test", every_s)


@pytest.mark.slow
async def test_two_managers_agree_and_a_third_that_comes_later_too(redis: Redis) -> None:
    own, world = table("a", **ROWS), World()
    async with (
        house(own, world, standings=MemoryStandings(), agreement=agreement(redis)) as one,
        house(own, world, standings=MemoryStandings(), agreement=agreement(redis)) as two,
    ):
        await one.switch("b", "anna", "the drill")
        await soon(lambda: two.active == "b")
        assert (await said(two.pick(None)))[0].identity.name == "b"
        async with house(own, world, standings=MemoryStandings(), agreement=agreement(redis)) as three:
            assert three.active == "b"
        await two.switch("a", "boris", "back")
        await soon(lambda: one.active == "a")


@pytest.mark.slow
async def test_without_redis_each_stays_and_catches_up_when_it_is_back(redis: Redis) -> None:
    own, world = table("a", **ROWS), World()
    async with (
        house(own, world, standings=MemoryStandings(), agreement=agreement(redis)) as one,
        house(own, world, standings=MemoryStandings(), agreement=agreement(redis)) as two,
    ):
        redis.stop()
        await one.switch("b", "anna", "the drill")
        assert one.active == "b" and two.active == "a"
        assert (await said(two.pick(None)))[0].identity.name == "a"
        redis.start()
        await soon(lambda: two.active == "b", 10)


@pytest.mark.slow
async def test_who_missed_the_message_reads_the_key(redis: Redis) -> None:
    told = agreement(redis)
    await told.announce(Choice("1", "b", "a", "anna", 1.0))
    late = agreement(redis)
    assert await late.read() == Choice("1", "b", "a", "anna", 1.0)
    async for choice in late.changes():
        assert choice is not None and choice.active == "b"
        break
    await told.close()
    await late.close()
