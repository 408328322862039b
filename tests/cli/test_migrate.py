"""`rail-debug migrate`: into Weaviate and back, broken off and taken up."""

import json
from collections.abc import Iterator

import pytest

pytest.importorskip("weaviate")

from tests.cli.conftest import Shell
from tests.retrieval import places
from tests.weaviate_server.server import Server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server().start()
    for name, value in places.at(made).items():
        monkeypatch.setenv(f"RAIL_DEBUG_RETRIEVAL__WEAVIATE__{name.upper()}", str(value))
    yield made
    made.stop()


def test_a_migration_is_counted_compared_and_made_once(shell: Shell, server: Server) -> None:
    first = json.loads(shell("migrate", "--to", "weaviate", "--json").stdout)
    chunks = first["filling"]["chunks"]
    assert first["verified"] is True
    assert (first["filling"]["written"], first["filling"]["unchanged"]) == (chunks, 0)
    assert len(server.collections["RailDebug"].tenants["main"]) == chunks > 100
    again = shell("migrate", "--from", "embedded", "--to", "weaviate")
    assert again.exit_code == 0
    assert f"written 0, already there {chunks}" in again.stdout
    assert f"verified: {chunks} of {chunks}" in again.stdout


@pytest.mark.slow
def test_a_migration_that_is_broken_off_fails_and_goes_on(shell: Shell, server: Server) -> None:
    server.faults.refuses, server.faults.takes = "no space left on device", 151  # one is the state
    broken = shell("migrate", "--to", "weaviate")
    assert broken.exit_code == 1
    assert "no space left on device" in broken.stderr
    assert "not verified" in broken.stderr
    server.faults.refuses = ""
    done = json.loads(shell("migrate", "--to", "weaviate", "--json").stdout)
    assert (done["verified"], done["filling"]["unchanged"]) == (True, 150)


@pytest.mark.slow
def test_a_server_that_is_not_there_is_told(shell: Shell, server: Server) -> None:
    server.stop()
    failed = shell("migrate", "--to", "weaviate")
    assert failed.exit_code == 1
    assert "Run it again when the store is there" in failed.stderr
    server.start()


def test_back_into_the_embedded_store_there_is_only_to_count(shell: Shell) -> None:
    done = json.loads(shell("migrate", "--from", "weaviate", "--to", "embedded", "--json").stdout)
    assert done["verified"] is True


@pytest.mark.parametrize("words", [("--to", "embedded"), ("--to", "shelf"), ("--from", "shelf", "--to", "embedded")])
def test_wrong_names_are_told(shell: Shell, words: tuple[str, ...]) -> None:
    assert shell("migrate", *words).exit_code == 2


@pytest.mark.slow
def test_what_was_migrated_answers(shell: Shell, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shell("migrate", "--to", "weaviate").exit_code == 0
    monkeypatch.setenv("RAIL_DEBUG_RETRIEVAL__STORE", "weaviate")
    monkeypatch.setenv("RAIL_DEBUG_RETRIEVAL__WEAVIATE__QUERY_S", "20")
    found = json.loads(shell("search", "passenger door does not close", "--json").stdout)
    assert found["degraded"] == []
    assert found["passages"]
