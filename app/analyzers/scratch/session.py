"""One answer in the making: the prompt is read block by block, then each step says one token."""

from dataclasses import dataclass, field

import torch

from app.analyzers.scratch.model import Cache, Transformer
from app.analyzers.scratch.sampler import Sampler, Sampling
from app.analyzers.scratch.tokenizer import Spelling, Tokens

BLOCK = 64  # prompt tokens a step: who comes waits at the most for one block of somebody else's prompt


@dataclass(eq=False, slots=True)
class Session:
    model: Transformer
    tokens: Tokens
    prompt: list[int]
    limit: int  # tokens that the answer may have
    sampling: Sampling
    said: list[int] = field(default_factory=list)
    finish: str = ""
    _read: int = 0
    _cache: Cache = field(init=False)
    _sampler: Sampler = field(init=False)
    _spelling: Spelling = field(init=False)

    def __post_init__(self) -> None:
        self._cache = self.model.cache(len(self.prompt) + self.limit)
        self._sampler = Sampler(self.sampling, self.model.embed.weight.device)
        self._spelling = Spelling(self.tokens)

    def step(self) -> str:
        """-> the text that became whole with this step, often none. It is over once `finish` says why."""
        block = self.said[-1:] if self.said else self.prompt[self._read : self._read + BLOCK]
        with torch.inference_mode():
            given = torch.tensor([block], device=self.model.embed.weight.device)  # (1, T)
            scores = self.model(given, self._cache, last=True)  # (1, 1, V)
            self._read = self._cache.at
            if self._read < len(self.prompt):
                return ""
            return self._say(self._sampler.choose(scores[0, -1, : len(self.tokens)]))

    def _say(self, token: int) -> str:
        if token == self.tokens.end:
            self.finish = "stop"
            return ""
        self.said.append(token)
        if len(self.said) >= self.limit:
            self.finish = "length"
        return self._spelling.add(token)
