"""Tiny real models, made on the spot: a Llama-shaped Hugging Face folder, its GGUF, a LoRA adapter.

`made(PAIRS)` is trained in some seconds until it says by heart the answers it was given, so that what stands around
a model can be tested on real weights; `made(PAIRS, steps=0)` has random ones. Both are kept in the system's folder
for temporary files and are shared by all test processes.
"""

import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Messages = Sequence[tuple[str, str]]  # (role, text), as a prompt renders them
Pairs = Sequence[tuple[Messages, str]]  # and the answer to learn

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
SHAPE: Mapping[str, int] = {
    "hidden_size": 256,  # rows of K-quants have a multiple of 256 numbers
    "intermediate_size": 512,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,  # fewer than query heads, so that a conversion that mixes them up is seen
    "max_position_embeddings": 8192,
}


@dataclass(frozen=True)
class Made:
    folder: Path  # config, weights, tokenizer, chat template
    gguf: Path  # the same weights as F16
    adapter: Path  # LoRA that changes what is said


def made(pairs: Pairs, *, steps: int = 400, shape: Mapping[str, int] = SHAPE) -> Made:
    """The answers are learnt when the loss says so, at the latest after `steps`."""
    key = hashlib.sha256(json.dumps([list(pairs), steps, dict(shape)]).encode() + Path(__file__).read_bytes())
    home = Path(tempfile.gettempdir()) / f"rail-debug-tiny-{os.getuid()}-{key.hexdigest()[:16]}"
    with locked(home.with_suffix(".lock")):
        if not home.is_dir():
            half = Path(tempfile.mkdtemp(dir=home.parent, prefix=f"{home.name}-"))
            folder(half / "model", pairs, steps, shape)
            gguf(half / "model", half / "model.gguf")
            adapter(half / "model", half / "adapter")
            half.rename(home)
    return Made(home / "model", home / "model.gguf", home / "adapter")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process makes it, the others wait."""
    import fcntl

    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def folder(path: Path, pairs: Pairs, steps: int, shape: Mapping[str, int]) -> None:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.set_num_threads(1)
    torch.manual_seed(7)
    tokenizer = bpe([text for messages, answer in pairs for _, text in [*messages, ("assistant", answer)]])
    bos, _, eos = tokenizer.convert_tokens_to_ids(list(SPECIAL))
    config = LlamaConfig(
        vocab_size=len(tokenizer), bos_token_id=bos, eos_token_id=eos, pad_token_id=bos, rms_norm_eps=1e-5, **shape
    )
    model = LlamaForCausalLM(config)
    learn(model, tokenizer, pairs, steps)
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)


def bpe(texts: Sequence[str]) -> Any:
    """A byte-level tokenizer of these texts, which can write any other text too."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=2048, special_tokens=list(SPECIAL), initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=SPECIAL[0], eos_token=SPECIAL[2], pad_token=SPECIAL[0]
    )
    wrapped.chat_template = TEMPLATE
    return wrapped


def learn(model: Any, tokenizer: Any, pairs: Pairs, steps: int) -> None:
    """Loss on the answers alone, one pair a step, until every answer is known by heart."""
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    examples = [tokens(tokenizer, messages, answer) for messages, answer in pairs]
    losses = [float("inf")] * len(examples)
    for step in range(steps):
        ids, labels = examples[step % len(examples)]
        loss = model(input_ids=torch.tensor([ids]), labels=torch.tensor([labels])).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses[step % len(examples)] = float(loss.detach())
        if max(losses) < 0.005:
            return


def tokens(tokenizer: Any, messages: Messages, answer: str) -> tuple[list[int], list[int]]:
    said = [{"role": role, "content": text} for role, text in messages]
    prompt = tokenizer.apply_chat_template(said, add_generation_prompt=True, tokenize=True)["input_ids"]
    reply = tokenizer.encode(answer + SPECIAL[2])
    return [*prompt, *reply], [-100] * len(prompt) + reply


def gguf(model: Path, path: Path) -> None:
    """Llama's tensors under llama.cpp's names: F16 matrices, F32 norms, query and key rows in its order."""
    import numpy as np
    from gguf import GGUFWriter, LlamaFileType
    from safetensors import safe_open

    config = json.loads((model / "config.json").read_text())
    writer = GGUFWriter(path, "llama")
    facts(writer, config)
    vocabulary(writer, model, config)
    writer.add_file_type(LlamaFileType.MOSTLY_F16)
    with safe_open(model / "model.safetensors", "np") as weights:
        for name in weights.keys():  # noqa: SIM118  (no mapping: it cannot be iterated)
            array = weights.get_tensor(name).astype(np.float32)
            if heads := {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}.get(name.split(".")[-2]):
                array = rotated(array, config[heads])
            writer.add_tensor(renamed(name), array if array.ndim == 1 else array.astype(np.float16))
        if "lm_head.weight" not in weights.keys():  # noqa: SIM118
            raise ValueError("the tiny models have an output matrix of their own")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def facts(writer: Any, config: Mapping[str, Any]) -> None:
    heads = config["num_attention_heads"]
    writer.add_name("tiny")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_dimension_count(config["hidden_size"] // heads)
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])


def vocabulary(writer: Any, model: Path, config: Mapping[str, Any]) -> None:
    from gguf import TokenType

    bpe = json.loads((model / "tokenizer.json").read_text())["model"]
    words = sorted(bpe["vocab"], key=bpe["vocab"].get)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(words)
    writer.add_token_types([TokenType.CONTROL if word in SPECIAL else TokenType.NORMAL for word in words])
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in bpe["merges"]])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_add_bos_token(False)
    writer.add_chat_template((model / "chat_template.jinja").read_text())


def rotated(array: Any, heads: int) -> Any:
    """Hugging Face turns halves against each other, llama.cpp neighbours."""
    rows, columns = array.shape
    return array.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def renamed(name: str) -> str:
    whole = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
    }
    parts = {
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
    }
    if name in whole:
        return whole[name]
    _, _, block, part = name.removesuffix(".weight").split(".", 3)
    return f"blk.{block}.{parts[part]}.weight"


def adapter(model: Path, path: Path) -> None:
    """Both of its matrices are random: with peft's own start, where one is zero, nothing would change."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(11)
    base = AutoModelForCausalLM.from_pretrained(model, local_files_only=True)
    tuned = get_peft_model(
        base, LoraConfig(r=4, lora_alpha=32, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    )
    tuned.save_pretrained(path)


def quantized(source: Path, path: Path, kind: str = "Q4_K_M") -> Path:
    """By llama.cpp itself; `kind` as it names them."""
    import llama_cpp

    logging.getLogger("llama-cpp-python").setLevel(logging.ERROR)  # else it prints a line for every tensor
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{kind}")
    params.nthread = 1
    if llama_cpp.llama_model_quantize(str(source).encode(), str(path).encode(), params) != 0:
        raise RuntimeError(f"llama.cpp could not write {path}")
    return path


def forget() -> None:
    """Take all kept models away."""
    for path in Path(tempfile.gettempdir()).glob(f"rail-debug-tiny-{os.getuid()}-*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
