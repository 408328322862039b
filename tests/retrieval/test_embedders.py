"""What every embedder promises, and what each does when its weights or its server are not as they should be."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.core.errors import EmbedderUnavailable, InvalidSettings
from app.core.settings import load
from app.core.settings.models import EmbeddingSettings
from app.retrieval.base import Embedder
from app.retrieval.embedders.folder import folder
from app.retrieval.embedders.openai import OpenAIEmbedder
from app.retrieval.embedders.table import EMBEDDERS
from tests.retrieval.model_server import ModelServer, serving
from tests.retrieval.tiny import bert

TEXTS = ["the door jams", "brake pipe leaks", "", "a pantograph of the bogie " * 40, "pressure \x00 🚆 ?"]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving() as made:
        yield made


HEAVY = {"folder": [pytest.mark.slow]}  # torch takes seconds to import


@pytest.fixture(params=[pytest.param(name, marks=HEAVY.get(name, [])) for name in EMBEDDERS])
def embedder(request: pytest.FixtureRequest, server: ModelServer, tmp_path: Path) -> Embedder:
    """A row that is added here by name runs through every test below."""
    own = EmbeddingSettings(url=f"{server.url}/v1", model="m", dimensions=384, batch=2)
    if request.param == "folder":
        pytest.importorskip("transformers")
        own = EmbeddingSettings(path=bert(tmp_path / "tiny"))
    settings = load(home=tmp_path)
    retrieval = settings.retrieval.model_copy(update={"embedding": own})
    made = EMBEDDERS[request.param](settings.model_copy(update={"retrieval": retrieval}))
    made.load()
    return made


def test_each_text_gets_a_vector_of_length_one(embedder: Embedder) -> None:
    vectors = embedder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)


def test_together_or_alone_a_text_has_the_same_vector(embedder: Embedder) -> None:
    together = embedder.encode(TEXTS)
    assert np.allclose(together, np.concatenate([embedder.encode([text]) for text in TEXTS]), atol=1e-4)


def test_several_threads_encode_at_once(embedder: Embedder) -> None:
    expected = embedder.encode(TEXTS[:3])
    with ThreadPoolExecutor(3) as pool:
        assert all(
            np.allclose(got, expected, atol=1e-4) for got in pool.map(lambda _: embedder.encode(TEXTS[:3]), "abc")
        )


def test_no_text_has_no_vectors(embedder: Embedder) -> None:
    assert embedder.encode([]).shape == (0, embedder.dimensions)


def test_its_name_keys_its_vectors_and_it_stays_on_this_machine(embedder: Embedder) -> None:
    assert "@" in embedder.model
    assert not embedder.remote


@pytest.mark.parametrize("name", ["folder", "openai"])
def test_what_is_missing_in_the_settings_is_told_at_once(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"retrieval\.embedding"):
        EMBEDDERS[name](load(home=tmp_path))


@pytest.mark.slow
def test_other_weights_are_another_model_and_pooling_is_as_the_folder_says(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    one, other = folder(bert(tmp_path / "a" / "tiny")), folder(bert(tmp_path / "b" / "tiny", seed=1))
    assert one.model.startswith("tiny@")
    assert one.model != other.model
    (tmp_path / "a" / "tiny" / "1_Pooling").mkdir()
    (tmp_path / "a" / "tiny" / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    first = folder(tmp_path / "a" / "tiny")
    one.load()
    first.load()
    assert first.first_token
    assert not np.allclose(one.encode(["door"]), first.encode(["door"]))


@pytest.mark.slow
def test_an_encoder_that_was_not_loaded_says_so(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    with pytest.raises(EmbedderUnavailable, match="not loaded"):
        folder(bert(tmp_path / "tiny")).encode(["door"])


@pytest.mark.slow
def test_a_folder_with_weights_of_nothing_known_is_told(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    (tmp_path / "config.json").write_text('{"hidden_size": 4, "model_type": "nothing"}')
    (tmp_path / "model.safetensors").write_bytes(b"x")
    with pytest.raises(EmbedderUnavailable, match="holds no encoder"):
        folder(tmp_path).load()


def served(server: ModelServer, **more: Any) -> OpenAIEmbedder:
    return OpenAIEmbedder(f"{server.url}/v1", "m", 384, key="secret", **more)


def test_texts_travel_in_batches_with_model_and_key(server: ModelServer) -> None:
    served(server, batch=2).encode(TEXTS)
    assert [len(body["input"]) for body, _ in server.asked] == [2, 2, 1]
    assert {(body["model"], authorization) for body, authorization in server.asked} == {("m", "Bearer secret")}
    assert "secret" not in repr(served(server))


BENT: dict[str, tuple[Any, str]] = {
    "another size": (
        lambda answer: {**answer, "data": [{**row, "embedding": [1.0, 2.0]} for row in answer["data"]]},
        "vectors of 2 numbers; 384 are set",
    ),
    "too few": (lambda answer: {**answer, "data": answer["data"][:1]}, "gave 1 vectors for 2 texts"),
    "none": (lambda answer: {**answer, "data": []}, "gave"),
    "no json of theirs": (lambda answer: ["x"], "gave"),
}


@pytest.mark.parametrize(("bend", "told"), BENT.values(), ids=BENT.keys())
def test_an_answer_without_the_right_vectors_is_refused(server: ModelServer, bend: Any, told: str) -> None:
    server.bend = bend
    with pytest.raises(EmbedderUnavailable, match=told):
        served(server).encode(["door", "brake"])


def test_a_server_that_refuses_or_is_gone_is_unavailable(server: ModelServer) -> None:
    server.status = 401
    with pytest.raises(EmbedderUnavailable, match="gave no vectors"):
        served(server).load()
    with pytest.raises(EmbedderUnavailable, match="gave no vectors"):
        OpenAIEmbedder("http://127.0.0.1:9/v1", "m", 384).load()


@pytest.mark.slow
def test_a_server_that_hangs_is_unavailable_after_its_time(server: ModelServer) -> None:
    server.wait_s = 30.0
    with pytest.raises(EmbedderUnavailable, match="gave no vectors"):
        served(server, timeout_s=0.2).encode(["door"])


def test_what_is_behind_another_address_is_remote() -> None:
    assert OpenAIEmbedder("https://api.openai.com/v1", "m", 8).remote
    assert not OpenAIEmbedder("http://localhost:8000/v1", "m", 8).remote
