"""What a GGUF file says of itself, and what follows for memory: no model is loaded here."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.analyzers.llama_cpp import gpu
from app.analyzers.llama_cpp.gguf import Facts, facts, parts
from app.analyzers.llama_cpp.memory import DRIVER, context_bytes, footprint, offloaded
from app.analyzers.llama_cpp.options import LlamaCppOptions
from app.core.errors import AnalyzerUnavailable

GIB = 2**30
MISTRAL = Facts(  # as its 4-bit file has it
    name="mistral",
    layers=(128_000_000,) * 32,
    other=180_000_000,
    kv_heads=(8,) * 32,
    heads=32,
    key=128,
    value=128,
    width=4096,
    feed_forward=14336,
    vocabulary=32768,
    context=32768,
)


def own(**given: Any) -> LlamaCppOptions:
    return LlamaCppOptions.model_validate({"path": "m.gguf", **given})


def test_the_context_takes_what_the_model_card_says() -> None:
    assert sum(context_bytes(MISTRAL, own())) == 4096 * 32 * 8 * 128 * 2 * 2  # 512 MiB
    quantized = sum(context_bytes(MISTRAL, own(type_k="q8_0", type_v="q8_0")))
    assert quantized == pytest.approx(sum(context_bytes(MISTRAL, own())) * 17 / 32)
    assert sum(context_bytes(replace(MISTRAL, kv_heads=(8,) * 16 + (0,) * 16), own())) == 4096 * 16 * 8 * 128 * 4


def test_a_gpu_gets_what_fits_and_never_more_than_before_with_less() -> None:
    assert offloaded(MISTRAL, own(), 0) == offloaded(MISTRAL, own(), DRIVER) == 0
    assert offloaded(MISTRAL, own(), 80 * GIB) == 33
    counts = [offloaded(MISTRAL, own(), size * GIB // 4) for size in range(40)]
    assert counts == sorted(counts) and len(set(counts)) > 10
    assert offloaded(MISTRAL, own(n_ctx=32768), 6 * GIB) < offloaded(MISTRAL, own(), 6 * GIB)


@pytest.mark.parametrize("free", [GIB * n for n in (2, 3, 4, 5, 8)])
def test_what_is_offloaded_fits_by_the_same_estimate_and_one_layer_more_does_not(free: int) -> None:
    count = offloaded(MISTRAL, own(), free)
    assert footprint(MISTRAL, own(), count).vram <= free if count else True
    assert count == 33 or footprint(MISTRAL, own(), count + 1).vram > free


def test_layers_leave_ram_for_vram() -> None:
    none, some, every = (footprint(MISTRAL, own(), count) for count in (0, 16, 33))
    assert none.vram == 0 and none.ram > MISTRAL.weights
    assert none.ram > some.ram > every.ram and 0 < some.vram < every.vram


def test_what_is_asked_for_is_heeded_or_said_not_to_be(caplog: pytest.LogCaptureFixture) -> None:
    def layers(asked: object, *, supported: bool = True, free: int | None = 80 * GIB) -> int:
        return gpu.layers(MISTRAL, own(n_gpu_layers=asked), supported=supported, free=free)

    assert (layers(-1), layers(99), layers(5), layers(0), layers("auto")) == (33, 33, 5, 0, 33)
    assert layers("auto", supported=False) == 0 and not caplog.records
    assert layers(20, supported=False) == 0 and "no GPU" in caplog.text
    assert layers("auto", free=None) == 0 and "cannot be read" in caplog.text


def test_a_quantized_cache_of_values_turns_flash_attention_on() -> None:
    assert own(type_v="q8_0").flash and not own().flash and own().threads >= 1


def test_no_more_context_is_used_than_the_model_was_trained_for() -> None:
    assert own(n_ctx=8192).within(2048).n_ctx == 2048
    assert own(n_ctx=1024).within(2048).n_ctx == own(n_ctx=1024).within(0).n_ctx == 1024


@pytest.fixture
def file(tmp_path: Path) -> Path:
    pytest.importorskip("gguf")
    import numpy as np
    from gguf import GGUFWriter

    path = tmp_path / "odd.gguf"
    writer = GGUFWriter(path, "odd")
    writer.add_name("odd")
    writer.add_block_count(2)
    writer.add_embedding_length(64)
    writer.add_head_count([4, 2])
    writer.add_head_count_kv([2, 1])
    writer.add_feed_forward_length(128)
    writer.add_token_list([f"word{n}" for n in range(5000)])
    writer.add_token_scores([0.0] * 5000)
    writer.add_chat_template("{{ messages }}")
    for name, shape in (("token_embd.weight", (50, 64)), ("blk.0.ffn_up.weight", (128, 64)), ("blk.1.a", (64,))):
        writer.add_tensor(name, np.zeros(shape, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_the_head_of_a_file_is_read_whatever_stands_in_it(file: Path) -> None:
    told = facts(file)
    assert (told.name, told.vocabulary, told.heads, told.kv_heads) == ("odd", 5000, 4, (2, 1))
    assert told.layers == (128 * 64 * 4, 64 * 4) and told.other == 50 * 64 * 4
    assert (told.width, told.feed_forward, told.key) == (64, 128, 16)


@pytest.mark.parametrize("size", [0, 3, 24, 200, 60_000, -1])
def test_a_file_that_is_cut_off_is_refused_by_name(file: Path, size: int) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[: size if size >= 0 else len(whole) - 33_200])
    with pytest.raises(AnalyzerUnavailable, match=r"odd\.gguf is no whole GGUF"):
        facts(file)


def test_a_file_that_is_something_else_or_nowhere_is_refused_by_name(tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(AnalyzerUnavailable, match="no whole GGUF"):
        facts(other)
    with pytest.raises(AnalyzerUnavailable, match="cannot be read"):
        facts(tmp_path / "missing.gguf")


def test_a_model_in_parts_is_all_of_them() -> None:
    assert [part.name for part in parts(Path("m-00001-of-00003.gguf"))] == [
        "m-00001-of-00003.gguf",
        "m-00002-of-00003.gguf",
        "m-00003-of-00003.gguf",
    ]
    assert parts(Path("m.gguf")) == [Path("m.gguf")]
