"""The next word of one answer: what the schema allows, then the likeliest or a draw that the seed repeats."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.errors import AnalyzerBadOutput


@dataclass(eq=False, slots=True)
class Guide:
    """Holds an answer to a JSON schema, word by word."""

    matcher: Any

    def allowed(self, size: int) -> Any:
        """A mask over the vocabulary. Raises `AnalyzerBadOutput` when no word can go on."""
        import numpy as np
        import torch

        if self.matcher.is_error():
            raise AnalyzerBadOutput(f"The answer left its schema: {self.matcher.get_error()}")
        bits = np.frombuffer(self.matcher.compute_bitmask(), np.uint8)
        mask = torch.from_numpy(np.unpackbits(bits, bitorder="little")[:size].astype(bool))
        return torch.nn.functional.pad(mask, (0, size - len(mask)))

    def said(self, word: int) -> None:
        self.matcher.consume_token(word)

    @property
    def whole(self) -> bool:
        return bool(self.matcher.is_stopped())


class Guides:
    """Makes guides. The vocabulary is read once, which takes a second; grammars are small beside it."""

    def __init__(self, tokenizer: Any, size: int, ends: frozenset[int]) -> None:
        """Raises `ImportError` and `ValueError`: a tokenizer of a kind that is not known."""
        from llguidance.hf import from_tokenizer

        self._words = from_tokenizer(tokenizer, n_vocab=size, eos_token=sorted(ends))

    def __call__(self, schema: Mapping[str, object]) -> Guide:
        from llguidance import LLMatcher

        # As much white space as it likes is what a small model then writes for ever.
        grammar = LLMatcher.grammar_from_json_schema(dict(schema), overrides={"whitespace_pattern": " ?"})
        return Guide(LLMatcher(self._words, grammar))


@dataclass(frozen=True, slots=True)
class Sampler:
    temperature: float
    top_k: int
    top_p: float
    min_p: float
    draws: Any = None  # this answer's own torch.Generator: what others draw does not change it

    def __call__(self, logits: Any) -> int:  # (V,) float32, on the CPU
        import torch

        if self.draws is None:
            return int(logits.argmax())
        count = min(self.top_k or len(logits), len(logits))
        best, words = torch.topk(logits / self.temperature, count)  # (K,) (K,), best first
        chances = torch.softmax(best, dim=-1)
        before = chances.cumsum(-1) - chances
        chances[(before >= self.top_p) | (chances < self.min_p * chances[0])] = 0  # never the first
        return int(words[torch.multinomial(chances, 1, generator=self.draws)])


def sampler(temperature: float, seed: int | None, top_k: int, top_p: float, min_p: float) -> Sampler:
    import torch

    draws = None if seed is None else torch.Generator().manual_seed(seed)
    return Sampler(temperature, top_k, top_p, min_p, draws)
