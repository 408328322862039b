"""How large a transformer is: the numbers of `config.json` in the layout that Llama made common."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.errors import AnalyzerUnavailable

CONFIG = "config.json"
THETA = 10_000.0  # base of the rotary angles where the file names none, as in the paper


@dataclass(frozen=True, slots=True)
class Shape:
    vocabulary: int  # V
    width: int  # D
    layers: int  # L
    heads: int  # H, of queries
    kv_heads: int  # K, of keys and values; each serves H / K query heads
    head: int  # d, width of a head
    inner: int  # F, width inside the feed-forward layer
    context: int  # positions that it was made for
    theta: float = THETA
    epsilon: float = 1e-5
    tied: bool = True  # whether reading and writing share one matrix

    def __post_init__(self) -> None:
        if self.heads % self.kv_heads or self.head % 2:
            raise AnalyzerUnavailable(
                f"{self.heads} query heads cannot share {self.kv_heads} key heads of width {self.head}.",
                hint="The query heads must be a multiple of the key heads, and a head's width even.",
            )

    @property
    def cache_floats(self) -> int:
        """Numbers that one position leaves in the cache."""
        return 2 * self.layers * self.kv_heads * self.head

    @classmethod
    def read(cls, folder: Path) -> "Shape":
        """Raises `AnalyzerUnavailable` when the file is missing or describes another kind of model."""
        try:
            return cls.of(json.loads((folder / CONFIG).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AnalyzerUnavailable(
                f"{folder / CONFIG} cannot be used: {error!r}.",
                hint="Name a folder with config.json, model.safetensors and tokenizer.json of a Llama-shaped model.",
            ) from error

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Shape":
        if config.get("model_type") != "llama" or config.get("attention_bias") or config.get("mlp_bias"):
            raise ValueError(f"model_type {config.get('model_type')!r}: only Llama's shape without biases is read")
        rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
        if rope.get("rope_type", "default") != "default":
            raise ValueError(f"rope_type {rope['rope_type']!r} is not read")
        width, heads = int(config["hidden_size"]), int(config["num_attention_heads"])
        return cls(
            vocabulary=int(config["vocab_size"]),
            width=width,
            layers=int(config["num_hidden_layers"]),
            heads=heads,
            kv_heads=int(config.get("num_key_value_heads") or heads),
            head=int(config.get("head_dim") or width // heads),
            inner=int(config["intermediate_size"]),
            context=int(config["max_position_embeddings"]),
            theta=float(rope.get("rope_theta") or config.get("rope_theta") or THETA),
            epsilon=float(config.get("rms_norm_eps", 1e-5)),
            tied=bool(config.get("tie_word_embeddings", False)),
        )

    def config(self, *, begins: int | None = None, ends: int | None = None) -> dict[str, object]:
        """-> what `config.json` says, so that other tools read the folder as a Llama model."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "vocab_size": self.vocabulary,
            "hidden_size": self.width,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head,
            "intermediate_size": self.inner,
            "max_position_embeddings": self.context,
            "rope_parameters": {"rope_type": "default", "rope_theta": self.theta},
            "rope_theta": self.theta,
            "rms_norm_eps": self.epsilon,
            "tie_word_embeddings": self.tied,
            "hidden_act": "silu",
            "attention_bias": False,
            "mlp_bias": False,
            "bos_token_id": begins,
            "eos_token_id": ends,
            "torch_dtype": "float32",
        }
