"""Searches tell Weaviate the span that they belong to, so that its own spans hang below it."""

from typing import TYPE_CHECKING

from app.telemetry import spans

if TYPE_CHECKING:
    from weaviate import WeaviateAsyncClient


def traced(client: "WeaviateAsyncClient") -> "WeaviateAsyncClient":
    """The client takes headers for a whole connection only; its connection is asked for them with every call."""
    connection = client._connection
    fixed = connection.grpc_headers

    def headers() -> tuple[tuple[str, str], ...]:
        return (*(fixed() or ()), *spans.headers().items())

    connection.grpc_headers = headers
    return client
