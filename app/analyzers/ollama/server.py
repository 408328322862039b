"""What an Ollama server has and does beside answering: list, pull with progress, load, verify, free."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.analyzers.closing import closing
from app.core.errors import AnalyzerRefused

if TYPE_CHECKING:
    from ollama import AsyncClient


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` bytes of one layer; both 0 while there is nothing to count."""

    status: str
    done: int = 0
    total: int = 0


async def installed(client: "AsyncClient") -> list[Model]:
    found = (await client.list()).models
    return [Model(model.model or "", model.digest or "", int(model.size or 0)) for model in found]


async def pull(client: "AsyncClient", model: str) -> AsyncIterator[Progress]:
    async with closing(await client.pull(model, stream=True)) as steps:
        async for step in steps:
            yield Progress(step.status or "", step.completed or 0, step.total or 0)


async def readable(client: "AsyncClient", model: str) -> int:
    """Tokens that the model was made to read; 0 when it does not tell."""
    told: Mapping[str, Any] = (await client.show(model)).modelinfo or {}
    return next((int(value) for key, value in told.items() if key.endswith(".context_length")), 0)


async def given(client: "AsyncClient", model: str, context: int, keep_alive: str | float) -> int:
    """Loads the model with this context. -> the tokens that the server gave it; 0 when an old one does not tell."""
    await client.chat(model, messages=[], options={"num_ctx": context}, keep_alive=keep_alive)
    running = (await client.ps()).models
    return next((one.context_length or 0 for one in running if same(one.model or "", model)), 0)


async def free(client: "AsyncClient", model: str) -> None:
    await client.chat(model, messages=[], keep_alive=0)


def same(one: str, other: str) -> bool:
    """A name without a tag means the latest."""
    return _tagged(one) == _tagged(other)


def enough(found: int, wanted: int, name: str, who: str) -> None:
    if 0 < found < wanted:
        raise AnalyzerRefused(
            f"{name!r} is to read {wanted} tokens, and {who} {found}.",
            hint=f"Set analyzers.{name}.context to {found} or less, or give the server more.",
        )


def _tagged(model: str) -> str:
    return model if ":" in model.rsplit("/", 1)[-1] else f"{model}:latest"
