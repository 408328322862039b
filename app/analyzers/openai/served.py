"""What a server says of itself before it is asked anything: which models it has, and whether it is a vLLM."""

import logging
from typing import TYPE_CHECKING, Any

from app.analyzers.openai.settings import OPENAI, OpenAIOptions, Structured
from app.core.errors import AnalyzerRefused

if TYPE_CHECKING:
    from openai import AsyncOpenAI

STRUCTURED_OUTPUTS = (0, 11)  # the version of vLLM that has them; 0.12 dropped `guided_json`
PATIENCE_S = 3.0
SHOWN = 20  # names of models in a hint

log = logging.getLogger(__name__)


async def check(client: "AsyncOpenAI", own: OpenAIOptions, name: str) -> None:
    """Raises `AnalyzerRefused` when the server lists its models and ours is none of them.

    A server that is not there, or lists none, is no error: it may be there when it is asked.
    """
    listed = await _get(client, "/models")
    found = listed.get("data") if isinstance(listed, dict) else None
    names = [str(model.get("id")) for model in found if isinstance(model, dict)] if isinstance(found, list) else []
    if not names or own.served in names:
        return
    what, flag = ("adapter", "--lora-modules NAME=PATH") if own.adapter else ("model", "--served-model-name NAME")
    raise AnalyzerRefused(
        f"The server of {name!r} does not serve the {what} {own.served!r}.",
        hint=f"It serves {', '.join(sorted(names)[:SHOWN])}: name one of these, or start it with this one "
        f"(vLLM: {flag}).",
    )


async def guided(client: "AsyncOpenAI", own: OpenAIOptions) -> Structured | None:
    """The field by which a vLLM of this version is held to a schema; None when the server is no vLLM.

    It has to be known: vLLM passes over a field that it does not know without a word.
    """
    if own.host == OPENAI:
        return None
    told = await _get(client, own.base_url.removesuffix("/v1") + "/version")
    version = told.get("version") if isinstance(told, dict) else None
    if not isinstance(version, str):
        return None
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    return ("structured_outputs" if numbers >= STRUCTURED_OUTPUTS else "guided_json") if len(numbers) == 2 else None


async def _get(client: "AsyncOpenAI", path: str) -> Any:
    """None when it is not told, whatever the reason."""
    import aiohttp
    import httpx
    from openai import OpenAIError

    try:
        response = await client.get(path, cast_to=httpx.Response, options={"timeout": PATIENCE_S})
        return response.json()
    except (OpenAIError, httpx.HTTPError, aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
        log.info("%s does not tell %s: %s", client.base_url, path, type(error).__name__)
        return None
