"""all-MiniLM-L6-v2 by onnxruntime: the graph is shipped, the weights are mapped from where they were verified."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.core.errors import EmbedderUnavailable
from app.retrieval.embedders.weights import CHECKSUMS, TOKENIZER, WEIGHTS

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, SessionOptions
    from tokenizers import Encoding, Tokenizer

GRAPH = Path(__file__).with_name("minilm.onnx")  # made by training/build_minilm_graph.py
DIMENSIONS = 384
TOKENS = 256  # what the model was trained to read
BATCH = 4  # wider ones only fall out of the processor's cache


@dataclass(slots=True)
class MiniLM:
    """`find` says where the weights are; it is asked once, at load."""

    find: Callable[[], Path]
    model: str = f"all-MiniLM-L6-v2@{CHECKSUMS[WEIGHTS][:8]}"
    dimensions: int = DIMENSIONS
    remote: bool = False
    _session: "InferenceSession | None" = field(default=None, repr=False)
    _tokenizer: "Tokenizer | None" = field(default=None, repr=False)

    def load(self) -> None:
        folder = self.find()
        try:
            self._tokenizer = _tokenizer(folder / TOKENIZER)
            self._session = _session(folder)
        except ImportError as error:
            raise EmbedderUnavailable(f"The embedder cannot run here: {error}.") from error

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self._session is None or self._tokenizer is None:
            raise EmbedderUnavailable(f"{self.model} is not loaded.")
        read = [self._tokenizer.encode(text) for text in texts]
        order = sorted(range(len(read)), key=lambda number: len(read[number]))  # equal lengths need no padding
        vectors = np.empty((len(read), DIMENSIONS), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            ids, mask = _padded([read[number] for number in batch])
            vectors[batch] = self._session.run(None, {"ids": ids, "mask": mask})[0]
        return vectors


def _padded(read: Sequence["Encoding"]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    longest = max(len(encoding) for encoding in read)
    ids = np.zeros((len(read), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, encoding in enumerate(read):
        ids[row, : len(encoding)] = encoding.ids
        mask[row, : len(encoding)] = 1
    return ids, mask


def _tokenizer(file: Path) -> "Tokenizer":
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.enable_truncation(TOKENS)
    tokenizer.no_padding()
    return tokenizer


def _session(folder: Path) -> "InferenceSession":
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # calls run side by side; two threads in one are slower than one
    options.inter_op_num_threads = 1
    with ExitStack() as open_while_building:
        _point_to(folder / WEIGHTS, options, open_while_building)
        try:
            return onnxruntime.InferenceSession(GRAPH.read_bytes(), options, providers=["CPUExecutionProvider"])
        except Fail as error:
            raise EmbedderUnavailable(f"The weights in {folder} could not be used: {error}.") from error


def _point_to(weights: Path, options: "SessionOptions", stack: ExitStack) -> None:
    """The runtime maps the file itself, which costs no memory of ours, unless a link leads to another name.

    A model hub's cache is full of such links, and the runtime refuses them; then it copies what we map.
    """
    place = weights.resolve()
    if place.name == WEIGHTS:
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(place.parent))
        return
    file = stack.enter_context(place.open("rb"))
    mapped = stack.enter_context(mmap(file.fileno(), 0, access=ACCESS_READ))
    options.add_external_initializers_from_files_in_memory([WEIGHTS], [mapped], [len(mapped)])
