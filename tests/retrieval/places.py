"""Where a test finds a Weaviate: the real one that the environment names, else the stand-in in this process."""

import os
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.core.settings.weaviate import WeaviateSettings

if TYPE_CHECKING:
    from tests.weaviate_server.server import Server

URL = os.environ.get("RAIL_DEBUG_TEST_WEAVIATE_URL", "")
GRPC_PORT = int(os.environ.get("RAIL_DEBUG_TEST_WEAVIATE_GRPC_PORT", "50051"))
KEY = os.environ.get("RAIL_DEBUG_TEST_WEAVIATE_KEY", "")


def fresh(**changes: Any) -> WeaviateSettings:
    """A collection that nobody has used. A question waits long enough for a slow machine."""
    found: dict[str, Any] = {"url": URL, "grpc_port": GRPC_PORT, "api_key": KEY or None} if URL else at(stand_in())
    found |= {"collection": f"Test{uuid.uuid4().hex}", "vectorizer": "none", "query_s": 20, "patience_s": 20}
    return WeaviateSettings(**found | changes)


def at(server: "Server") -> dict[str, Any]:
    return {"url": f"http://127.0.0.1:{server.rest_port}", "grpc_port": server.grpc_port}


@lru_cache(maxsize=1)
def stand_in() -> "Server":
    from tests.weaviate_server.server import Server

    return Server().start()


async def drop(where: WeaviateSettings) -> None:
    from app.retrieval.stores.weaviate.link import make
    from app.retrieval.stores.weaviate.schema import state_name

    client = make(where)
    await client.connect()
    try:
        await client.collections.delete([where.collection, state_name(where)])
    finally:
        await client.close()
