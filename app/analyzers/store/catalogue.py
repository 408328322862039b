"""Models that are known by name: what they weigh, what they may be used for, where they are."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

BITS = {"bf16": 16.0, "q8_0": 8.5, "q4_k_m": 4.85}  # of a weight, as llama.cpp's own tables give them
CACHED = 4096  # tokens in the cache that the memory is told for
F16 = 2  # bytes of a cached number


@dataclass(frozen=True, slots=True)
class Known:
    name: str
    title: str
    repo: str
    parameters: int
    layers: int
    kv_heads: int
    head: int
    context: int
    licence: str
    commercial: str
    free: bool
    style: str
    terms: str = ""

    def memory(self, form: str) -> int:
        """Bytes of the weights in this form and of the cache of a 4096-token context: an estimate before anything is

        fetched.
        """
        cache = 2 * self.layers * self.kv_heads * self.head * F16 * min(CACHED, self.context)
        return int(self.parameters * BITS[form] / 8) + cache


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Known]:
    text = (files("app.analyzers.store") / "catalogue.toml").read_text(encoding="utf-8")
    return {name: Known(name, **row) for name, row in tomllib.loads(text).items()}


def usual() -> Known:
    """The one that is meant when none is named."""
    return next(iter(catalogue().values()))
