"""The two collections of a home, made and migrated from one versioned file: the passages, and how far they are."""

import json
import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from app.core.errors import StoreUnavailable
from app.core.settings.weaviate import WeaviateSettings

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient
    from weaviate.collections.classes.config import CollectionConfigSimple

log = logging.getLogger(__name__)

OWN, MEANING = "own", "meaning"  # the named vectors: ours, and the one that a module of the server makes
LOCAL_MODULES = ("text2vec-model2vec", "text2vec-transformers")  # `auto` takes no module that calls out
OURS = "Rail Debug "


@lru_cache(maxsize=1)
def written() -> Mapping[str, Any]:
    return dict(json.loads(files(__package__).joinpath("schema.json").read_text(encoding="utf-8")))


def state_name(settings: WeaviateSettings) -> str:
    return f"{settings.collection}State"


async def ensure(client: "WeaviateAsyncClient", settings: WeaviateSettings) -> bool:
    """Make what is missing, add what is new, and build anew what cannot be changed -> whether near-text is offered.

    Raises what the client raises, and `StoreUnavailable` for a collection of that name that is somebody else's.
    """
    await _ensure(client, state_name(settings), state(settings))
    module = await _module(client, settings)
    there = await _ensure(client, settings.collection, passages(settings, module), pinned=settings.vectorizer != "auto")
    return MEANING in (there.vector_config or {}) if there else module is not None


def passages(settings: WeaviateSettings, module: str | None) -> dict[str, Any]:
    index = {"vectorIndexType": "hnsw", "vectorIndexConfig": {"distance": "cosine"}}
    vectors: dict[str, Any] = {OWN: {"vectorizer": {"none": {}}, **index}}
    if module:
        told = {"vectorizeClassName": False, "properties": ["text"], **settings.vectorizer_options}
        vectors[MEANING] = {"vectorizer": {module: told}, **index}
    replication = {"factor": settings.replication}
    return {
        **written()["passages"],
        "class": settings.collection,
        "vectorConfig": vectors,
        "replicationConfig": replication,
    }


def state(settings: WeaviateSettings) -> dict[str, Any]:
    replication = {"factor": settings.replication}
    return {**written()["state"], "class": state_name(settings), "replicationConfig": replication}


async def _module(client: "WeaviateAsyncClient", settings: WeaviateSettings) -> str | None:
    if settings.vectorizer == "none":
        return None
    there = (await client.get_meta()).get("modules") or {}
    if settings.vectorizer == "auto":
        return next((name for name in LOCAL_MODULES if name in there), None)
    if settings.vectorizer not in there:
        offered = ", ".join(sorted(name for name in there if name.startswith("text2vec"))) or "none"
        raise StoreUnavailable(
            f"Weaviate has no module {settings.vectorizer!r}.", hint=f"It offers: {offered}. See ENABLE_MODULES there."
        )
    return settings.vectorizer


async def _ensure(
    client: "WeaviateAsyncClient", name: str, wanted: dict[str, Any], *, pinned: bool = False
) -> "CollectionConfigSimple | None":
    """-> what was there and may stay, or None where the collection is new. `pinned`: its vectors must be the wanted."""
    if not await client.collections.exists(name):
        await client.collections.create_from_dict(wanted)
        return None
    collection = client.collections.use(name)
    there = await collection.config.get(simple=True)
    if not (there.description or "").startswith(OURS):
        raise StoreUnavailable(
            f"The collection {name!r} is there already and is not Rail Debug's.",
            hint="Set RAIL_DEBUG_RETRIEVAL__WEAVIATE__COLLECTION to a name that is free.",
        )
    if _differs(there, wanted, pinned=pinned):
        log.warning("the collection %r has an older form; it is built anew from the records", name)
        await client.collections.delete(name)
        await client.collections.create_from_dict(wanted)
        return None
    for new in _missing(there, wanted["properties"]):
        await collection.config.add_property(_property(new))
    return there


def _differs(there: "CollectionConfigSimple", wanted: Mapping[str, Any], *, pinned: bool) -> bool:
    """Whether something is not as it should be that Weaviate cannot change in place."""
    held = {p.name: p for p in there.properties}
    for made in wanted["properties"]:
        old = held.get(made["name"])
        if old and (_value(old.data_type), _value(old.tokenization)) != (made["dataType"][0], made.get("tokenization")):
            return True
    vectors, asked = there.vector_config or {}, wanted.get("vectorConfig", {})
    if OWN in asked and OWN not in vectors:
        return True
    return pinned and _modules_of(vectors) != {next(iter(v["vectorizer"])) for v in asked.values()}


def _modules_of(vectors: Mapping[str, Any]) -> set[object]:
    return {_value(vector.vectorizer.vectorizer) for vector in vectors.values()}


def _value(named: object) -> object:
    """The client has an enumeration for the names that it knows, and text for those that came later."""
    return getattr(named, "value", named)


def _missing(there: "CollectionConfigSimple", wanted: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    held = {p.name for p in there.properties}
    return [made for made in wanted if made["name"] not in held]


def _property(made: Mapping[str, Any]) -> Any:
    from weaviate.classes.config import DataType, Property, Tokenization

    return Property(
        name=made["name"],
        data_type=DataType(made["dataType"][0]),
        tokenization=Tokenization(made["tokenization"]) if "tokenization" in made else None,
        index_filterable=made.get("indexFilterable"),
        index_searchable=made.get("indexSearchable"),
    )
