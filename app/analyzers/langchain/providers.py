"""What providers want in their own way; a table. One that is not in it gets what LangChain hands to all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from app.analyzers.prompting import Asked

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

Schema = Mapping[str, object] | None
OPENAI = "api.openai.com"


@dataclass(frozen=True, slots=True)
class Provider:
    clients: Callable[[bool, float], tuple[Any, ...]]
    wiring: Callable[[str, SecretStr | None, tuple[Any, ...]], dict[str, Any]]
    call: Callable[[Asked, Schema, str], dict[str, Any]]


def unknown(kind: "type[BaseChatModel]", options: Mapping[str, Any]) -> list[str]:
    """Most models take any name and do nothing with it, so the names are checked."""
    known = set(kind.model_fields) | {field.alias for field in kind.model_fields.values() if field.alias}
    return sorted(options.keys() - known)


def _none(leaves: bool, connect_s: float) -> tuple[Any, ...]:
    return ()


def _wired(base_url: str, api_key: SecretStr | None, clients: tuple[Any, ...]) -> dict[str, Any]:
    asked = {"base_url": base_url, "api_key": api_key.get_secret_value() if api_key else None, "max_retries": 0}
    return {name: value for name, value in asked.items() if value not in ("", None)}


def _silent(asked: Asked, schema: Schema, host: str) -> dict[str, Any]:
    return {}


def _own_client(leaves: bool, connect_s: float) -> tuple[Any, ...]:
    """LangChain shares one client among all models of an address in a process, and so among event loops."""
    import httpx

    timeout = httpx.Timeout(None, connect=connect_s)
    return (httpx.AsyncClient(timeout=timeout, follow_redirects=False, trust_env=leaves),)


def _openai_wired(base_url: str, api_key: SecretStr | None, clients: tuple[Any, ...]) -> dict[str, Any]:
    key = api_key.get_secret_value() if api_key else None
    wired = _wired(base_url, api_key, clients)
    return {**wired, "api_key": key or ("none" if base_url else None), "http_async_client": clients[0]} | {
        "stream_usage": True,
        "stream_chunk_timeout": None,  # patience is ours
    }


def _openai_call(asked: Asked, schema: Schema, host: str) -> dict[str, Any]:
    """In the body beside LangChain's own: it sends the limit by a name that llama.cpp's server passes over."""
    extra: dict[str, Any] = {} if host in ("", OPENAI) else {"max_tokens": asked.limit}
    if schema is not None:
        form = {"name": "diagnosis", "strict": True, "schema": dict(schema)}
        extra["response_format"] = {"type": "json_schema", "json_schema": form}
    return {"extra_body": extra} if extra else {}


def _ollama_wired(base_url: str, api_key: SecretStr | None, clients: tuple[Any, ...]) -> dict[str, Any]:
    return {"base_url": base_url} if base_url else {}


def _ollama_call(asked: Asked, schema: Schema, host: str) -> dict[str, Any]:
    return {} if schema is None else {"format": dict(schema)}


def _google_wired(base_url: str, api_key: SecretStr | None, clients: tuple[Any, ...]) -> dict[str, Any]:
    return {**_wired(base_url, api_key, clients), "max_retries": 1}  # attempts


def _google_call(asked: Asked, schema: Schema, host: str) -> dict[str, Any]:
    form = {"response_mime_type": "application/json"}
    return {} if schema is None else {**form, "response_json_schema": dict(schema)}


PLAIN = Provider(_none, _wired, _silent)
PROVIDERS: Mapping[str, Provider] = {
    "openai": Provider(_own_client, _openai_wired, _openai_call),
    "ollama": Provider(_none, _ollama_wired, _ollama_call),
    "google_genai": Provider(_none, _google_wired, _google_call),
}
