"""How much memory a Hugging Face model takes: from the heads of its files and its configuration alone."""

import json
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any

from app.analyzers.transformers.options import TransformersOptions
from app.core.brief import Footprint
from app.core.errors import AnalyzerUnavailable

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2, "F64": 8, "F32": 4, "BF16": 2, "F16": 2, "I64": 8, "I32": 4}
NF4 = 0.5 + 1 / 64 + 4 / 64 / 256  # a number, its share of a block's scale, and that one's scale
LIBRARY = 640 * 2**20  # torch, transformers, peft and bitsandbytes, once
DRIVER = 512 * 2**20  # VRAM that a context of the GPU's driver takes
SLACK = 1.1  # the largest step's numbers, and pages that are only half used


def weight_files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.safetensors"), *folder.glob("*.bin")])


def estimate(own: TransformersOptions, *, gpu: bool, shared: bool) -> Footprint:
    """`shared`: the base is in memory already, for another row. Raises `AnalyzerUnavailable`."""
    try:
        adapter = weight_bytes(own.adapter, "auto", quantized=False) if own.adapter else 0
        config = json.loads((own.path / "config.json").read_text())
        base = weight_bytes(own.path, own.dtype, quantized=own.quantization == "nf4") + context_bytes(config, own)
    except (OSError, ValueError) as error:
        raise AnalyzerUnavailable(f"{own.path} cannot be read: {error}") from error
    if shared:
        return Footprint(0, adapter) if gpu else Footprint(adapter)
    held = int(SLACK * (base + adapter))
    return Footprint(LIBRARY, held + DRIVER) if gpu else Footprint(held + LIBRARY)


def context_bytes(config: Mapping[str, Any], own: TransformersOptions) -> int:
    """Keys and values of a full batch of full answers; twice in the moment when a row joins or a word is added."""
    text = config.get("text_config", config)
    heads = text.get("num_attention_heads", 1)
    size = text.get("head_dim") or text.get("hidden_size", 0) // heads
    kept = text.get("num_hidden_layers", 0) * (text.get("num_key_value_heads") or heads) * size
    dtype = own.dtype if own.dtype != "auto" else str(text.get("dtype") or text.get("torch_dtype") or "float32")
    return int(2 * kept * BYTES.get(dtype, 4) * own.context * own.batch)


def weight_bytes(folder: Path, dtype: str, *, quantized: bool) -> int:
    """Other formats than safetensors do not tell; their size then stands for it."""
    files = list(folder.glob("*.safetensors"))
    if not files:
        return sum(file.stat().st_size for file in folder.glob("*.bin"))
    return int(sum(tensor_bytes(*tensor, dtype, quantized) for file in files for tensor in tensors(file)))


def tensors(file: Path) -> Iterator[tuple[str, str, list[int]]]:
    """(name, type, shape) of each. Raises `OSError`, `ValueError`."""
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if length > file.stat().st_size:
            raise ValueError(f"{file.name} is no whole safetensors file")
        head = json.loads(opened.read(length))
    yield from ((name, told["dtype"], told["shape"]) for name, told in head.items() if name != "__metadata__")


def tensor_bytes(name: str, stored: str, shape: list[int], dtype: str, quantized: bool) -> float:
    if quantized and len(shape) == 2 and not ("embed" in name or "lm_head" in name):
        return prod(shape) * NF4
    return prod(shape) * BYTES.get(dtype, BYTES.get(stored, 1))
