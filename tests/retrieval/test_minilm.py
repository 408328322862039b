"""The shipped graph is the model it says it is. Needs the weights' package, as the service does."""

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from app.core.errors import EmbedderUnavailable
from app.core.settings import load
from app.retrieval.embedders.minilm import GRAPH, MiniLM
from app.retrieval.embedders.table import EMBEDDERS
from app.retrieval.embedders.weights import PACKAGE, TOKENIZER, WEIGHTS
from tests.retrieval.bert import Bert

spec = importlib.util.find_spec(PACKAGE)
FOLDER = Path(spec.submodule_search_locations[0]) / "model" if spec and spec.submodule_search_locations else Path()
pytestmark = pytest.mark.skipif(spec is None, reason="the embedding weights are not installed")

TEXTS = [
    "E73-B",
    "The passenger door does not close and traction is not released.",
    "Größe: 24 V ± 5 %, 客车门 🚆",
    "",
    "Measure the insulation resistance between terminal 4 and the frame. " * 8,
    "brake pipe pressure " * 200,  # longer than the model reads
]


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    made = MiniLM(lambda: FOLDER)
    made.load()
    return made


def test_its_vectors_are_those_of_the_plain_model(minilm: MiniLM) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(FOLDER / TOKENIZER))
    tokenizer.enable_truncation(256)
    tokenizer.no_padding()
    bert = Bert(FOLDER / WEIGHTS)
    plain = np.stack([bert.embed(tokenizer.encode(text).ids) for text in TEXTS])
    cosines = (minilm.encode(TEXTS) * plain).sum(axis=1)
    assert cosines.min() > 0.9999


def test_paraphrases_are_near_and_strangers_far(minilm: MiniLM) -> None:
    vectors = minilm.encode(["The doors will not shut.", "Passenger door fails to close.", "A recipe for apple pie."])
    near, far = float(vectors[0] @ vectors[1]), float(vectors[0] @ vectors[2])
    assert near > 0.6
    assert far < 0.3


def test_a_text_has_one_vector_whatever_it_is_encoded_beside(minilm: MiniLM) -> None:
    together = minilm.encode(TEXTS)
    alone = np.concatenate([minilm.encode([text]) for text in TEXTS])
    assert np.allclose(together, alone, atol=1e-5)
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)


def test_several_threads_encode_at_once(minilm: MiniLM) -> None:
    expected = minilm.encode(TEXTS[:4])
    with ThreadPoolExecutor(4) as pool:
        for result in pool.map(lambda _: minilm.encode(TEXTS[:4]), range(8)):
            assert np.allclose(result, expected, atol=1e-6)


def test_no_text_has_no_vectors(minilm: MiniLM) -> None:
    assert minilm.encode([]).shape == (0, 384)


def test_the_row_of_the_table_finds_the_package_by_itself(tmp_path: Path) -> None:
    embedder = EMBEDDERS["minilm"](load(home=tmp_path))
    embedder.load()
    assert embedder.encode(["door"]).shape == (1, embedder.dimensions)
    assert not embedder.remote


def test_weights_behind_links_of_a_hubs_cache_are_used_too(tmp_path: Path, minilm: MiniLM) -> None:
    for name in (WEIGHTS, TOKENIZER):
        (tmp_path / "blobs").mkdir(exist_ok=True)
        (tmp_path / "blobs" / f"checksum-of-{name}").symlink_to(FOLDER / name)
        (tmp_path / name).symlink_to(tmp_path / "blobs" / f"checksum-of-{name}")
    linked = MiniLM(lambda: tmp_path)
    linked.load()
    assert np.allclose(linked.encode(["door"]), minilm.encode(["door"]), atol=1e-6)


def test_an_embedder_that_was_not_loaded_says_so() -> None:
    with pytest.raises(EmbedderUnavailable, match="not loaded"):
        MiniLM(lambda: FOLDER).encode(["door"])


def test_weights_that_do_not_fit_the_graph_are_refused(tmp_path: Path) -> None:
    (tmp_path / TOKENIZER).symlink_to(FOLDER / TOKENIZER)
    (tmp_path / WEIGHTS).write_bytes(b"too short")
    with pytest.raises(EmbedderUnavailable, match="could not be used"):
        MiniLM(lambda: tmp_path).load()


def test_the_graph_is_shipped_without_weights() -> None:
    assert GRAPH.stat().st_size < 200_000
