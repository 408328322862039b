"""What the stand-in for Weaviate holds: collections, tenants, objects; exact filters, brute-force vectors, BM25."""

import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from weaviate.proto.v1 import base_pb2

WIDTH = 64  # of the vectors that the stand-in for a module makes
MOST = 10_000
Op = base_pb2.Filters
HNSW = {"cleanupIntervalSeconds": 300, "dynamicEfMin": 100, "dynamicEfMax": 500, "dynamicEfFactor": 8, "ef": -1}
HNSW |= {"efConstruction": 128, "flatSearchCutoff": 40000, "maxConnections": 32, "vectorCacheMaxObjects": 10**12}
HNSW |= {"skip": False}


class Wrong(Exception):
    """The server's answer is an error; gRPC tells it as UNKNOWN, as the real one does."""


@dataclass(frozen=True)
class Thing:
    id: UUID
    properties: Mapping[str, Any]
    vectors: Mapping[str, NDArray[np.float32]]


@dataclass
class Collection:
    config: dict[str, Any]
    tenants: dict[str, dict[UUID, Thing]] = field(default_factory=dict)

    def things(self, tenant: str) -> dict[UUID, Thing]:
        many = bool(self.config.get("multiTenancyConfig", {}).get("enabled"))
        if many != bool(tenant):
            state = "enabled, but request was without tenant" if many else "disabled, but request was with tenant"
            raise Wrong(f"class {self.config['class']} has multi-tenancy {state}")
        if many and tenant not in self.tenants:
            raise Wrong(f'tenant not found: "{tenant}"')
        return self.tenants.setdefault(tenant, {})

    def property(self, name: str, index: str) -> dict[str, Any]:
        for made in self.config["properties"]:
            if made["name"] == name:
                if not made[index]:
                    raise Wrong(f"property {name!r} of class {self.config['class']} has no such index: {index}")
                return dict(made)
        raise Wrong(f"no such prop with name '{name}' found in class '{self.config['class']}' in the schema")

    def tokens(self, name: str, text: str) -> Counter[str]:
        return tokens(next((p.get("tokenization") for p in self.config["properties"] if p["name"] == name), None), text)

    def module(self, target: str) -> str:
        vectors = self.config.get("vectorConfig", {})
        if target not in vectors:
            raise Wrong(f"class {self.config['class']} does not have named vector {target} configured")
        return str(next(iter(vectors[target]["vectorizer"])))

    def matching(self, tenant: str, where: Any) -> Iterator[Thing]:
        return (thing for thing in self.things(tenant).values() if where is None or self._is(thing, where))

    def _is(self, thing: Thing, where: Any) -> bool:
        op = where.operator
        if op in (Op.OPERATOR_AND, Op.OPERATOR_OR):
            return (all if op == Op.OPERATOR_AND else any)(self._is(thing, part) for part in where.filters)
        name, kind = where.target.property, where.WhichOneof("test_value")
        wanted = getattr(where, kind)
        values = list(wanted.values) if kind.endswith("_array") else [wanted]
        if name == "_id":
            return str(thing.id) in values
        made = self.property(name, "indexFilterable")
        held = thing.properties.get(name)
        if made["dataType"][0].startswith("text"):
            mine = {t for text in ([held] if isinstance(held, str) else held or []) for t in self.tokens(name, text)}
            return any(bool(one) and one <= mine for one in (self.tokens(name, v).keys() for v in values))
        if op == Op.OPERATOR_LESS_THAN:
            return held is not None and held < values[0]
        return held in values

    def near(self, tenant: str, where: Any, target: str, vector: NDArray[np.float32]) -> list[tuple[Thing, float]]:
        """-> (object, cosine distance), nearest first."""
        there = [thing for thing in self.matching(tenant, where) if target in thing.vectors]
        if not there:
            return []
        rows = np.stack([thing.vectors[target] for thing in there])
        if rows.shape[1] != len(vector):
            raise Wrong(f"vector lengths don't match: {rows.shape[1]} vs {len(vector)}")
        norms = np.linalg.norm(rows, axis=1) * np.linalg.norm(vector)
        distances = 1 - rows @ vector / np.where(norms == 0, 1, norms)
        return [(there[row], float(distances[row])) for row in np.argsort(distances, kind="stable")]

    def bm25(self, tenant: str, where: Any, query: str, names: Iterable[str]) -> list[tuple[Thing, float]]:
        """As the real one: without the factor (k1 + 1), and the whole tenant counted, whatever the filter."""
        every, scores = list(self.things(tenant).values()), Counter[UUID]()
        k1, b = (self.config["invertedIndexConfig"]["bm25"][name] for name in ("k1", "b"))
        for name in names:
            self.property(name, "indexSearchable")
            said = {thing.id: self.tokens(name, str(thing.properties.get(name, ""))) for thing in every}
            average = sum(c.total() for c in said.values()) / max(len(said), 1) or 1.0
            for word in self.tokens(name, query):
                n = sum(word in c for c in said.values())
                idf = math.log(1 + (len(every) - n + 0.5) / (n + 0.5))
                for id_, c in said.items():
                    if c[word]:
                        scores[id_] += idf * c[word] / (c[word] + k1 * (1 - b + b * c.total() / average))
        ranked = [(thing, scores[thing.id]) for thing in self.matching(tenant, where) if scores[thing.id] > 0]
        return sorted(ranked, key=lambda one: -one[1])


@lru_cache(maxsize=2**16)
def tokens(way: str | None, text: str) -> Counter[str]:
    if way == "field":
        return Counter([text.strip()] if text.strip() else [])
    return Counter(text.split() if way == "whitespace" else re.findall(r"\w+", text.lower().replace("_", " ")))


def meaning(text: str) -> NDArray[np.float32]:
    """What the module's model makes of a text: texts that share words are near."""
    vector = np.zeros(WIDTH, dtype=np.float32)
    for word in re.findall(r"\w+", text.lower()):
        vector[zlib.crc32(word.encode()) % WIDTH] += 1.0
    return vector if vector.any() else np.ones(WIDTH, dtype=np.float32)


def whole(config: dict[str, Any]) -> dict[str, Any]:
    """A collection's definition with the defaults that the server fills in, as it hands it out again."""
    made = {"replicationConfig": {"factor": 1}, **config}
    for one in made.get("vectorConfig", {}).values():
        one["vectorIndexConfig"] = HNSW | one["vectorIndexConfig"]
    made["properties"] = []
    for given in config["properties"]:
        text = {"tokenization": "word"} if given["dataType"][0].startswith("text") else {}
        defaults = {"indexFilterable": True, "indexSearchable": bool(text), **text}
        made["properties"].append(defaults | {name: value for name, value in given.items() if value is not None})
    return made
