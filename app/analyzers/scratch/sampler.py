"""From the odds of every next token to one of them: temperature, top-k, top-p, and a seed that repeats it."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Sampling:
    """Temperature 0 takes the likeliest token; `top_k` 0 and `top_p` 1 leave all of them in."""

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0

    @property
    def greedy(self) -> bool:
        return self.temperature == 0.0


class Sampler:
    def __init__(self, sampling: Sampling, device: torch.device | str = "cpu") -> None:
        self.sampling = sampling
        self._dice = torch.Generator(device).manual_seed(sampling.seed)

    def choose(self, scores: Tensor) -> int:
        """scores (V) -> a token."""
        if self.sampling.greedy:
            return int(scores.argmax())
        kept = nucleus(likeliest(scores.float() / self.sampling.temperature, self.sampling.top_k), self.sampling.top_p)
        return int(torch.multinomial(kept.softmax(-1), 1, generator=self._dice))


def likeliest(scores: Tensor, k: int) -> Tensor:
    """All but the k best are ruled out (Fan et al. 2018); ties with the last of them stay."""
    if not 0 < k < scores.shape[-1]:
        return scores
    least = scores.topk(k).values[-1]
    return scores.masked_fill(scores < least, -torch.inf)


def nucleus(scores: Tensor, p: float) -> Tensor:
    """The fewest tokens that together have the probability p (Holtzman et al. 2019); the best one always stays."""
    if p >= 1.0:
        return scores
    ordered, places = scores.sort(descending=True)
    odds = ordered.softmax(-1)
    beyond = odds.cumsum(-1) - odds >= p  # what stands before it is enough already
    beyond[0] = False
    return scores.masked_fill(torch.zeros_like(beyond).scatter(0, places, beyond), -torch.inf)
