"""What a GGUF file says of its model, read from its head alone: sizes of layers, shape of attention, vocabulary."""

import mmap
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.errors import AnalyzerUnavailable

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
SHORT = 4096  # elements of an array worth keeping: one for each layer, not one for each word
PART = re.compile(r"(.*)-\d{5}-of-(\d{5})\.gguf")
BLOCK = re.compile(r"blk\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class Facts:
    name: str
    layers: tuple[int, ...]  # bytes of each
    other: int  # bytes of embeddings and of what writes the next word
    kv_heads: tuple[int, ...]  # of each layer
    heads: int
    key: int  # numbers of one head's key
    value: int
    width: int
    feed_forward: int
    vocabulary: int
    context: int  # that it was trained for

    @property
    def weights(self) -> int:
        return sum(self.layers) + self.other


def facts(path: Path) -> Facts:
    """Raises `AnalyzerUnavailable` when a part is not there or is no GGUF file."""
    meta: dict[str, Any] = {}
    sizes: dict[str, int] = {}
    for part in parts(path):
        try:
            with part.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
                head = Head(whole)
                meta = {**head.meta(), **meta}
                sizes |= head.tensors(int(meta.get("general.alignment", 32)))
        except OSError as error:
            raise AnalyzerUnavailable(f"{part} cannot be read: {error.strerror}.", hint="Check the path.") from error
        except (ValueError, struct.error, UnicodeDecodeError, KeyError) as error:
            raise AnalyzerUnavailable(f"{part} is no whole GGUF file.", hint="Fetch the file again.") from error
    return told(meta, sizes)


def parts(path: Path) -> list[Path]:
    """A model may be cut into `…-00001-of-00003.gguf` and so on; the first one is named."""
    if not (cut := PART.fullmatch(path.name)):
        return [path]
    count = int(cut[2])
    return [path.with_name(f"{cut[1]}-{n:05}-of-{count:05}.gguf") for n in range(1, count + 1)]


def told(meta: Mapping[str, Any], sizes: Mapping[str, int]) -> Facts:
    kind = meta.get("general.architecture", "")

    def own(key: str, default: int = 0) -> Any:
        return meta.get(f"{kind}.{key}", default)

    count, width = own("block_count"), own("embedding_length")
    layers = [0] * count
    for name, size in sizes.items():
        if (block := BLOCK.match(name)) and int(block[1]) < count:
            layers[int(block[1])] += size
    heads = each(own("attention.head_count"), count)
    kv_heads = each(own("attention.head_count_kv", 0) or heads, count)
    head = width // max(1, *heads) if heads else 0
    return Facts(
        name=str(meta.get("general.name", "")),
        layers=tuple(layers),
        other=sum(sizes.values()) - sum(layers),
        kv_heads=kv_heads,
        heads=max(heads, default=0),
        key=own("attention.key_length", head),
        value=own("attention.value_length", head),
        width=width,
        feed_forward=max(each(own("feed_forward_length"), count), default=0),
        vocabulary=own("vocab_size", 0) or meta.get("tokenizer.ggml.tokens", 0),
        context=own("context_length"),
    )


def each(value: int | tuple[int, ...], count: int) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,) * count


class Head:
    """The bytes before the weights, in their one order: header, key and value pairs, names and places of tensors."""

    def __init__(self, whole: mmap.mmap) -> None:
        self._whole = whole
        self._at = 24
        magic, version, self._tensors, self._pairs = struct.unpack_from("<4sIQQ", whole, 0)
        if magic != b"GGUF" or version < 2:
            raise ValueError("no GGUF file of version 2 or later")

    def meta(self) -> dict[str, Any]:
        """Long arrays are there as their length."""
        return {self._string(): self._value(self._number("I")) for _ in range(self._pairs)}

    def tensors(self, alignment: int) -> dict[str, int]:
        """Name -> bytes, which end where the next tensor begins. To be called after `meta`."""
        starts: dict[str, int] = {}
        for _ in range(self._tensors):
            name = self._string()
            dimensions = self._number("I")
            self._at += 8 * dimensions + 4  # each of them, then the type
            starts[name] = self._number("Q")
        data = len(self._whole) - -(-self._at // alignment) * alignment
        order = sorted(starts, key=starts.__getitem__)
        ends = [*(starts[name] for name in order[1:]), data]
        if data < 0 or (order and starts[order[-1]] >= data):
            raise ValueError("the weights are cut off")
        return {name: end - starts[name] for name, end in zip(order, ends, strict=True)}

    def _number(self, form: str) -> Any:
        (value,) = struct.unpack_from(f"<{form}", self._whole, self._at)
        self._at += struct.calcsize(f"<{form}")
        return value

    def _string(self) -> str:
        length = self._number("Q")
        self._at += length
        return self._whole[self._at - length : self._at].decode("utf-8", "replace")

    def _value(self, kind: int) -> Any:
        if kind == STRING:
            return self._string()
        return self._array() if kind == ARRAY else self._number(SCALARS[kind])

    def _array(self) -> tuple[Any, ...] | int:
        kind, length = self._number("I"), self._number("Q")
        if kind in SCALARS and length > SHORT:
            self._at += length * struct.calcsize(f"<{SCALARS[kind]}")
            return int(length)
        if kind == STRING:
            for _ in range(length):
                self._at += 8 + struct.unpack_from("<Q", self._whole, self._at)[0]
            return int(length)
        return tuple(self._value(kind) for _ in range(length))
