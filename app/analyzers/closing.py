"""A stream that is certainly closed, so that its slot and its connection are free at once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

T = TypeVar("T")


@asynccontextmanager
async def closing(stream: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """`contextlib.aclosing` for what is an async generator and is only declared as an iterator."""
    try:
        yield stream
    finally:
        if aclose := getattr(stream, "aclose", None):
            await aclose()
