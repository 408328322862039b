"""A model as a folder: config.json, model.safetensors, tokenizer.json, under the names that Hugging Face's Llama has.

So other tools take it as any model: transformers loads it, llama.cpp's format is made from it. Nothing is pickled.
"""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from app.analyzers.scratch.model import Transformer
from app.analyzers.scratch.shape import CONFIG, Shape
from app.analyzers.scratch.tokenizer import END, FILE, PAD, TEMPLATE, Tokens
from app.analyzers.scratch.weights import WEIGHTS
from app.core.errors import AnalyzerUnavailable

if TYPE_CHECKING:
    from torch import Tensor

PARTS = {  # ours -> theirs, within one block
    "before_attention": "input_layernorm",
    "attention.q": "self_attn.q_proj",
    "attention.k": "self_attn.k_proj",
    "attention.v": "self_attn.v_proj",
    "attention.out": "self_attn.o_proj",
    "before_feed": "post_attention_layernorm",
    "feed.gate": "mlp.gate_proj",
    "feed.up": "mlp.up_proj",
    "feed.down": "mlp.down_proj",
}


def names(shape: Shape) -> dict[str, str]:
    """Our name of each tensor -> its name in the file."""
    ends = {"embed.weight": "model.embed_tokens.weight", "norm.weight": "model.norm.weight"}
    if not shape.tied:
        ends["head.weight"] = "lm_head.weight"
    blocks = {
        f"blocks.{layer}.{ours}.weight": f"model.layers.{layer}.{theirs}.weight"
        for layer in range(shape.layers)
        for ours, theirs in PARTS.items()
    }
    return ends | blocks


def load(folder: Path, *, device: str = "cpu", dtype: torch.dtype = torch.float32) -> tuple[Transformer, Tokens]:
    """Raises `AnalyzerUnavailable` that says what is missing or does not fit."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    shape, tokens = Shape.read(folder), Tokens.read(folder)
    if len(tokens) > shape.vocabulary:
        raise AnalyzerUnavailable(f"{folder}: {len(tokens)} tokens, and the model knows {shape.vocabulary}.")
    with torch.device("meta"):  # no memory for numbers that are replaced at once
        model = Transformer(shape)
    try:
        found = load_file(folder / WEIGHTS, device=device)
        weights = {ours: found[theirs].to(dtype) for ours, theirs in names(shape).items()}
        if shape.tied:
            weights["head.weight"] = weights["embed.weight"]
        model.load_state_dict(weights, assign=True)
        if shape.tied:
            model.head.weight = model.embed.weight  # assigning has parted them
    except KeyError as error:
        raise AnalyzerUnavailable(f"{folder / WEIGHTS} holds no {error}.") from error
    except (OSError, SafetensorError, RuntimeError) as error:
        raise AnalyzerUnavailable(f"{folder / WEIGHTS} cannot be loaded: {error}.") from error
    return model.eval().requires_grad_(False), tokens


def save(folder: Path, model: Transformer, tokens: Tokens) -> str:
    """Write the folder -> sha256 of its weights."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    own: dict[str, Tensor] = model.state_dict()
    weights = {theirs: own[ours].detach().float().cpu().contiguous() for ours, theirs in names(model.shape).items()}
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    tokens.tokenizer.save(str(folder / FILE))
    (folder / CONFIG).write_text(json.dumps(model.shape.config(ends=tokens.end), indent=2) + "\n", encoding="utf-8")
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": tokens.end, "do_sample": False}) + "\n")
    named: dict[str, object] = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": END, "pad_token": PAD}
    named |= {"model_max_length": model.shape.context, "clean_up_tokenization_spaces": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(named, indent=2) + "\n", encoding="utf-8")
    (folder / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
