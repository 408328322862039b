"""Keys and values of several answers in one rectangle: each row ends at the right edge, what it lacks is at its left.

A row may join and leave between any two steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Layers = list[tuple[Any, Any]]  # (keys, values) of each layer, (B, H, T, D)


@dataclass(eq=False, slots=True)
class Batch:
    layers: Layers
    lengths: list[int]  # tokens of each row

    @property
    def width(self) -> int:
        return max(self.lengths, default=0)

    def mask(self) -> Any:
        """1 where a row has a token. (B, T)"""
        import torch

        places = torch.arange(self.width)
        return (places >= self.width - torch.tensor(self.lengths)[:, None]).long()

    def join(self, other: "Batch") -> "Batch":
        if not self.lengths:
            return other
        import torch

        width = max(self.width, other.width)
        layers = [
            tuple(torch.cat([widened(a, width), widened(b, width)]) for a, b in zip(mine, theirs, strict=True))
            for mine, theirs in zip(self.layers, other.layers, strict=True)
        ]
        return Batch(layers, [*self.lengths, *other.lengths])

    def keep(self, rows: Sequence[int]) -> "Batch":
        """Those rows, without the columns that only the others needed."""
        if not rows:
            return Batch([], [])
        lengths = [self.lengths[row] for row in rows]
        width = max(lengths)
        layers = [tuple(t[list(rows), :, -width:] for t in layer) for layer in self.layers]
        return Batch(layers, lengths)


def widened(tensor: Any, width: int) -> Any:
    import torch

    return torch.nn.functional.pad(tensor, (0, 0, width - tensor.shape[2], 0))


def forward(model: Any, ids: Any, batch: Batch, adapters: Sequence[str]) -> tuple[Any, Batch]:
    """`ids` (B, N) follow `batch`, or begin it -> logits of the last place (B, V) on the CPU, and the longer batch.

    `adapters` names one for each row, and is empty when the model has none at all.
    """
    import torch
    from transformers import DynamicCache

    rows, new = ids.shape
    cache = DynamicCache()
    for layer, (keys, values) in enumerate(batch.layers):
        cache.update(keys, values, layer)
    begun = batch.lengths or [0] * rows
    longer = Batch([], [length + new for length in begun])
    out = model(
        input_ids=ids.to(model.device),
        attention_mask=longer.mask().to(model.device),
        position_ids=(torch.tensor(begun)[:, None] + torch.arange(new)).to(model.device),  # (B, N)
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
        **({"adapter_names": list(adapters)} if adapters else {}),
    )
    longer.layers = [(layer.keys, layer.values) for layer in out.past_key_values.layers]
    return out.logits[:, -1].float().cpu(), longer
