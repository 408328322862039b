"""A transformer, written from first principles: from token numbers to the odds of the next one.

Decoder-only (Vaswani et al. 2017, "Attention Is All You Need"; Radford et al. 2018), in the shape of Llama (Touvron et
al. 2023): RMSNorm before each layer, rotary positions, grouped-query attention, SwiGLU.
Letters beside tensors: B sequences, T new positions, S all positions, D width, H query heads, K key heads, G = H / K,
d width of a head, F inner width, V vocabulary.
"""

import math

import torch
from torch import Tensor, nn

from app.analyzers.scratch.shape import Shape


class Cache:
    """Keys and values of the positions that one sequence has been through: computed once, read ever after."""

    def __init__(self, shape: Shape, length: int, like: Tensor) -> None:
        size = (shape.layers, 1, shape.kv_heads, length, shape.head)
        self.keys, self.values = like.new_empty(size), like.new_empty(size)  # (L, 1, K, length, d)
        self.at = 0

    def put(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        end = self.at + k.shape[2]
        self.keys[layer, :, :, self.at : end] = k
        self.values[layer, :, :, self.at : end] = v
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]


class RMSNorm(nn.Module):
    """Scales to a root mean square of one (Zhang & Sennrich 2019)."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()  # half precision overflows in the square
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.epsilon)
        return self.weight * wide.to(x.dtype)


def angles(shape: Shape, start: int, length: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines of rotary positions (Su et al. 2021, RoFormer), each (length, d)."""
    even = torch.arange(0, shape.head, 2, dtype=torch.float32, device=like.device)  # (d/2)
    rates = 1.0 / shape.theta ** (even / shape.head)  # (d/2)
    turns = torch.outer(torch.arange(start, start + length, dtype=torch.float32, device=like.device), rates)
    turns = torch.cat((turns, turns), dim=-1)  # (length, d)
    return turns.cos().to(like.dtype), turns.sin().to(like.dtype)


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Each pair (i, i + d/2) turned by its position's angle: a product of two then depends on their distance alone."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


class Attention(nn.Module):
    """Causal self-attention whose key heads each serve a group of query heads (Ainslie et al. 2023, GQA)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.q = nn.Linear(shape.width, shape.heads * shape.head, bias=False)
        self.k = nn.Linear(shape.width, shape.kv_heads * shape.head, bias=False)
        self.v = nn.Linear(shape.width, shape.kv_heads * shape.head, bias=False)
        self.out = nn.Linear(shape.heads * shape.head, shape.width, bias=False)

    def forward(self, x: Tensor, turns: tuple[Tensor, Tensor], cache: Cache | None, layer: int) -> Tensor:
        b, t, _ = x.shape
        heads, kv, d = self.shape.heads, self.shape.kv_heads, self.shape.head
        q = rotated(self.q(x).view(b, t, heads, d).transpose(1, 2), *turns)  # (B, H, T, d)
        k = rotated(self.k(x).view(b, t, kv, d).transpose(1, 2), *turns)  # (B, K, T, d)
        v = self.v(x).view(b, t, kv, d).transpose(1, 2)  # (B, K, T, d)
        if cache is not None:
            k, v = cache.put(layer, k, v)  # (B, K, S, d)
        s = k.shape[2]
        grouped = q.view(b, kv, heads // kv, t, d)  # (B, K, G, T, d)
        scores = grouped @ k.unsqueeze(2).transpose(-1, -2) / math.sqrt(d)  # (B, K, G, T, S)
        if t > 1:  # a single new position may see all there is
            later = torch.ones(t, s, dtype=torch.bool, device=x.device).triu(s - t + 1)  # (T, S)
            scores = scores.masked_fill(later, -torch.inf)
        shares = scores.float().softmax(-1).to(v.dtype)  # (B, K, G, T, S)
        mixed = (shares @ v.unsqueeze(2)).view(b, heads, t, d)  # (B, H, T, d)
        out: Tensor = self.out(mixed.transpose(1, 2).reshape(b, t, heads * d))
        return out  # (B, T, D)


class FeedForward(nn.Module):
    """SwiGLU (Shazeer 2020): one projection gates the other."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate = nn.Linear(shape.width, shape.inner, bias=False)
        self.up = nn.Linear(shape.width, shape.inner, bias=False)
        self.down = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        inner = nn.functional.silu(self.gate(x)) * self.up(x)  # (B, T, F)
        out: Tensor = self.down(inner)
        return out  # (B, T, D)


class Block(nn.Module):
    """What is learned is added to what came in (He et al. 2015); the norm stands before (Xiong et al. 2020)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.before_attention = RMSNorm(shape.width, shape.epsilon)
        self.attention = Attention(shape)
        self.before_feed = RMSNorm(shape.width, shape.epsilon)
        self.feed = FeedForward(shape)

    def forward(self, x: Tensor, turns: tuple[Tensor, Tensor], cache: Cache | None, layer: int) -> Tensor:
        x = x + self.attention(self.before_attention(x), turns, cache, layer)
        out: Tensor = x + self.feed(self.before_feed(x))
        return out


class Transformer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embed = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = RMSNorm(shape.width, shape.epsilon)
        self.head = nn.Linear(shape.width, shape.vocabulary, bias=False)
        self.apply(self._begin)
        for name, weight in self.named_parameters():
            if name.endswith(("attention.out.weight", "feed.down.weight")):  # 2 L additions keep the scale (GPT-2)
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * shape.layers))
        if shape.tied:
            self.head.weight = self.embed.weight  # Press & Wolf 2017

    def forward(self, tokens: Tensor, cache: Cache | None = None, *, last: bool = False) -> Tensor:
        """tokens (B, T) -> scores of what follows each (B, T, V); with `last`, only of what follows the last."""
        x = self.embed(tokens)  # (B, T, D)
        turns = angles(self.shape, cache.at if cache else 0, tokens.shape[1], x)  # 2 of (T, d)
        for layer, block in enumerate(self.blocks):
            x = block(x, turns, cache, layer)  # (B, T, D)
        if cache is not None:
            cache.at += tokens.shape[1]
        scores: Tensor = self.head(self.norm(x[:, -1:] if last else x))
        return scores  # (B, T, V)

    def cache(self, length: int) -> Cache:
        """Room for one sequence of so many positions."""
        return Cache(self.shape, length, self.embed.weight)

    @staticmethod
    def _begin(module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
