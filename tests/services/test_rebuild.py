"""Another embedder takes over while the one before answers, and a process that dies goes on where it was."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.core.errors import Conflict, EmbedderUnavailable
from app.core.principal import LOCAL
from app.core.question import Question
from app.core.settings import Settings, load
from app.records.home import open_records
from app.retrieval.embedders.table import EMBEDDERS
from app.services.build import build
from app.services.hall import Services
from app.services.indexes import recalled, remembered
from tests.records.samples import cut
from tests.retrieval.fakes import HashEmbedder

ASKED = "What does E73-B mean and what do I check first?"


class Other(HashEmbedder):
    """A second model, whose vectors have another length and take a moment to make."""

    pause = 0.0
    down = False

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import time

        if self.down:
            raise EmbedderUnavailable("The other model is away.")
        time.sleep(self.pause)
        wide = np.concatenate([super().encode(texts), np.zeros((len(texts), 16), np.float32)], axis=1)
        return np.asarray(wide, dtype=np.float32)


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Other:
    """Both models as rows of the table, as the settings name them."""
    made = Other(model="other-400", dimensions=400)
    assert isinstance(EMBEDDERS, dict)
    monkeypatch.setitem(EMBEDDERS, "hash", lambda settings: HashEmbedder())
    monkeypatch.setitem(EMBEDDERS, "other", lambda settings: made)
    return made


@pytest.fixture
async def home(settings: Settings, other: Other) -> Path:
    """A home that the first model has served."""
    async with build(named(settings.folder, "hash")):
        pass
    return settings.folder


def named(home: Path, embedder: str) -> Settings:
    plain = load(home=home)
    return plain.model_copy(update={"retrieval": plain.retrieval.model_copy(update={"embedder": embedder})})


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.01)


def model(services: Services) -> str:
    return services.health.encoder.model


async def vectors(home: Path) -> dict[str, int]:
    """Model -> how many vectors of it the records hold."""
    records = open_records(home)
    await records.open()
    try:
        return dict(
            await records.db.read(lambda c: c.execute("SELECT model, COUNT(*) FROM vectors GROUP BY 1").fetchall())
        )
    finally:
        await records.close()


async def test_the_old_index_answers_until_the_new_one_is_whole(
    home: Path, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.rebuild.GRACE", 0.0)
    other.pause = 0.02
    async with build(named(home, "other"), serve=True) as services:
        assert model(services) == "hash-384"
        seen: set[str] = set()
        while services.rebuild.active or model(services) == "hash-384":
            diagnosis = await services.agent.ask(Question(ASKED), LOCAL)
            assert (diagnosis.verdict, diagnosis.degraded) == ("answered", ())
            parts = (await services.readiness()).parts
            if "rebuild" in parts:
                assert parts["rebuild"].state == "ok"
                seen.add(parts["rebuild"].told)
        assert len(seen) > 2, "how far it is can be followed"
        assert model(services) == "other-400"
        diagnosis = await services.agent.ask(Question(ASKED), LOCAL)
        assert (diagnosis.verdict, diagnosis.degraded) == ("answered", ())
    assert (await vectors(home)).keys() == {"other-400"}


async def test_documents_that_come_in_meanwhile_are_in_both(
    home: Path, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.rebuild.GRACE", 0.0)
    other.pause = 0.01
    async with build(named(home, "other"), serve=True) as services:
        number = 0
        while model(services) == "hash-384":
            await services.pipeline.upload(
                LOCAL, "main", f"siding/{number}.md", f"# Siding {number}\n\nGate.\n".encode()
            )
            found = await services.retriever.retrieve(_asking(f"siding {number}"))
            assert found.degraded == ()
            assert found.passages[0].source == f"siding/{number}.md"
            number += 1
        await until(lambda: not services.rebuild.active)
        assert number > 2
        last = await services.retriever.retrieve(_asking(f"siding {number - 1}"))
        assert last.degraded == (), "no document is without a vector"
        assert last.passages[0].source == f"siding/{number - 1}.md"


def _asking(text: str):  # type: ignore[no-untyped-def]
    from tests.retrieval.fakes import asking

    return asking(text)


async def test_an_embedder_that_is_away_holds_the_change_up_and_nothing_else(
    home: Path, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.rebuild.AGAIN", 0.05)
    other.down = True
    async with build(named(home, "other"), serve=True) as services:
        await until(lambda: bool(services.rebuild.why_not))
        part = (await services.readiness()).parts["rebuild"]
        assert (part.state, "away" in part.told) == ("degraded", True)
        assert (await services.agent.ask(Question(ASKED), LOCAL)).degraded == ()
        other.down = False
        await until(lambda: model(services) == "other-400")


async def test_where_the_old_embedder_is_gone_words_and_codes_answer_until_the_vectors_are_made(
    home: Path, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(EMBEDDERS, dict)
    monkeypatch.delitem(EMBEDDERS, "hash")
    other.pause = 0.02
    async with build(named(home, "other"), serve=True) as services:
        assert model(services) == "other-400"
        diagnosis = await services.agent.ask(Question(ASKED), LOCAL)
        assert (diagnosis.verdict, diagnosis.degraded) == ("answered", ("vectors_missing",))
        await until(lambda: services.rebuild.made == services.rebuild.total)
        await until(lambda: len(services.rebuild.left) == 1)
        assert (await services.agent.ask(Question(ASKED), LOCAL)).degraded == ()


async def test_from_the_shell_it_is_done_at_once_but_not_beside_a_service(home: Path, other: Other) -> None:
    told: list[tuple[int, int]] = []
    async with build(named(home, "other"), answers=False) as services:
        assert model(services) == "hash-384"
        async with build(named(home, "hash"), serve=True):
            with pytest.raises(Conflict):
                await services.rebuild.alone(lambda made, total: None)
        assert await services.rebuild.alone(lambda made, total: told.append((made, total)))
        assert model(services) == "other-400"
        assert not await services.rebuild.alone(lambda made, total: None)
    assert told[-1][0] == told[-1][1] > 100
    async with build(named(home, "other"), answers=False) as services:
        assert model(services) == "other-400"


async def test_what_another_process_left_without_vectors_is_made_up(
    home: Path, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.rebuild.EVERY", 0.05)
    monkeypatch.setattr("app.services.rebuild.GRACE", 0.0)
    async with build(named(home, "hash"), serve=True) as services:
        records = open_records(home)
        await records.open()
        await records.documents.replace(LOCAL, "main", [cut("bare.md", 2, model="")])
        await records.close()
        async with asyncio.timeout(30):
            while (await vectors(home)).get("hash-384") != services.rebuild.total:
                await asyncio.sleep(0.02)
            while (await services.retriever.retrieve(_asking("bare"))).degraded:
                await asyncio.sleep(0.02)
        assert (await services.readiness()).parts["embedder"].state == "ok"


KILLED = """
import asyncio, sys
from pathlib import Path
from app.retrieval.embedders.table import EMBEDDERS
from tests.services.test_rebuild import Other, named, HashEmbedder, build
other = Other(model="other-400", dimensions=400)
other.pause = 0.05
EMBEDDERS["hash"] = lambda settings: HashEmbedder()
EMBEDDERS["other"] = lambda settings: other
async def main():
    async with build(named(Path(sys.argv[1]), "other"), serve=True) as services:
        while True:
            await asyncio.sleep(0.01)
            print(services.rebuild.made, flush=True)
asyncio.run(main())
"""


@pytest.mark.slow
async def test_after_a_kill_it_goes_on_where_it_was(home: Path, other: Other) -> None:
    made = 0
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(home)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdout
            for line in process.stdout:
                if int(line) > made + 40:
                    break
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        there = await vectors(home)
        assert there["other-400"] > made, "what was made is kept"
        assert there["hash-384"] > 0, "and the index that answers is whole"
        made = there["other-400"]
    async with build(named(home, "other"), serve=True) as services:
        other.encoded = 0
        await until(lambda: model(services) == "other-400")
        assert other.encoded <= services.rebuild.total - made + 16


def test_settings_are_remembered_without_secrets_and_recalled_under_today_s() -> None:
    settings = load()
    told = remembered(settings.model_copy(update={"embedder_path": Path("/old")}))
    assert recalled(settings, told).embedder_path == Path("/old")
    assert recalled(settings, {"retrieval": {"k": 3}}).retrieval.k == 3
    with pytest.raises(ValueError, match="k"):
        recalled(settings, {"retrieval": {"k": "many"}})
