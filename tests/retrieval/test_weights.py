"""No weight is used whose checksum is not upstream's, wherever it was found."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.core.errors import EmbedderUnavailable
from app.retrieval.embedders.weights import Weights

CONTENT = {"model.safetensors": b"weights", "tokenizer.json": b"words"}
CHECKSUMS = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}


def fill(folder: Path, **instead: bytes) -> Path:
    folder.mkdir(parents=True)
    for name, content in CONTENT.items():
        (folder / name).write_bytes(instead.get(name.split(".")[0], content))
    return folder


def weights(tmp_path: Path, **fields: object) -> Weights:
    return Weights(tmp_path / "fetched", package="no_such_package", checksums=CHECKSUMS, **fields)  # type: ignore[arg-type]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    served = fill(tmp_path / "served")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", served
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_operators_folder_is_used(tmp_path: Path) -> None:
    given = fill(tmp_path / "given")
    assert weights(tmp_path, given=given).find() == given


def test_a_package_is_found_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(tmp_path / "site" / "weights_for_test" / "model")
    (folder.parent / "__init__.py").write_text("raise ImportError('its code must not run')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert Weights(tmp_path / "fetched", package="weights_for_test", checksums=CHECKSUMS).find() == folder


def test_without_any_the_error_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(EmbedderUnavailable) as caught:
        weights(tmp_path, given=tmp_path / "empty").find()
    assert str(tmp_path / "empty") in caught.value.message
    assert "no model.safetensors" in caught.value.message
    assert "offline" in caught.value.message
    assert "RAIL_DEBUG_EMBEDDER_PATH" in caught.value.hint


@pytest.mark.parametrize("name", ["model", "tokenizer"])
def test_other_contents_are_refused(tmp_path: Path, name: str) -> None:
    given = fill(tmp_path / "given", **{name: b"something else"})
    with pytest.raises(EmbedderUnavailable, match="other contents"):
        weights(tmp_path, given=given).find()


def test_offline_means_that_the_hub_is_not_asked(tmp_path: Path, hub: tuple[str, Path]) -> None:
    with pytest.raises(EmbedderUnavailable):
        weights(tmp_path, hub=hub[0]).find()
    assert not (tmp_path / "fetched").exists()


def test_online_the_hub_is_asked_once_and_what_it_sent_is_kept(tmp_path: Path, hub: tuple[str, Path]) -> None:
    asked = weights(tmp_path, hub=hub[0], online=True)
    assert asked.find() == tmp_path / "fetched"
    for file in hub[1].iterdir():
        file.unlink()
    assert asked.find() == tmp_path / "fetched"
    assert weights(tmp_path).find() == tmp_path / "fetched"


def test_what_the_hub_sends_is_checked_before_it_is_kept(tmp_path: Path, hub: tuple[str, Path]) -> None:
    (hub[1] / "tokenizer.json").write_bytes(b"poisoned")
    with pytest.raises(EmbedderUnavailable, match="other contents"):
        weights(tmp_path, hub=hub[0], online=True).find()
    assert not (tmp_path / "fetched" / "tokenizer.json").exists()


def test_a_hub_that_is_gone_is_an_unavailable_embedder(tmp_path: Path) -> None:
    with pytest.raises(EmbedderUnavailable, match="could not be fetched"):
        weights(tmp_path, hub="http://127.0.0.1:9", online=True).find()
