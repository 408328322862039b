"""The same folder in llama.cpp's format: another implementation of the same mathematics says the same tokens."""

import json
from pathlib import Path

import pytest

from tests import tiny_models
from tests.analyzers.scratch import small

torch = pytest.importorskip("torch")
llama_cpp = pytest.importorskip("llama_cpp")
pytest.importorskip("gguf")
pytest.importorskip("safetensors")

SAID = 64


def converted(folder: Path, path: Path) -> Path:
    """Everything F32, by the same steps as the tiny models."""
    import numpy as np
    from gguf import GGUFWriter, LlamaFileType, TokenType
    from safetensors import safe_open

    from app.analyzers.scratch.tokenizer import SPECIAL

    config = json.loads((folder / "config.json").read_text())
    writer = GGUFWriter(path, "llama")
    tiny_models.facts(writer, config)
    bpe = json.loads((folder / "tokenizer.json").read_text())["model"]
    words = sorted(bpe["vocab"], key=bpe["vocab"].get)
    kinds = [TokenType.CONTROL if word in SPECIAL else TokenType.NORMAL for word in words]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(words)
    writer.add_token_types(kinds)
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in bpe["merges"]])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_add_bos_token(False)
    writer.add_file_type(LlamaFileType.ALL_F32)
    with safe_open(folder / "model.safetensors", "np") as weights:
        for name in weights.keys():  # noqa: SIM118  (no mapping: it cannot be iterated)
            array = weights.get_tensor(name).astype(np.float32)
            if heads := {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}.get(name.split(".")[-2]):
                array = tiny_models.rotated(array, config[heads])
            writer.add_tensor(tiny_models.renamed(name), array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_llama_cpp_says_the_same_greedy_tokens(tmp_path: Path, seed: int) -> None:
    from app.analyzers.scratch.checkpoint import load
    from app.analyzers.scratch.sampler import Sampling
    from app.analyzers.scratch.session import Session

    folder = small.folder(tmp_path, seed=seed, width=256, heads=4, kv_heads=2, head=64, inner=512)
    model, tokens = load(folder)
    prompt = tokens.chat([("user", "Measure the pressure at test fitting C1. Überdruck?")])
    ours = Session(model, tokens, prompt, SAID, Sampling())
    while not ours.finish:
        ours.step()

    file = converted(folder, tmp_path / "model.gguf")
    # in F32 throughout: half precision, its default for cache and attention, turns close calls around
    whole = {"type_k": 0, "type_v": 0, "flash_attn": False}
    theirs = llama_cpp.Llama(str(file), n_ctx=512, n_threads=1, verbose=False, **whole)
    try:
        assert theirs.tokenize("Überdruck?".encode(), add_bos=False, special=False) == tokens.encode("Überdruck?")
        said: list[int] = []
        for token in theirs.generate(prompt, temp=0.0, repeat_penalty=1.0, top_k=1):
            if token == tokens.end or len(said) == SAID:
                break
            said.append(int(token))
    finally:
        theirs.close()
    assert len(set(ours.said)) > 5  # it does not only repeat itself
    assert said == ours.said
