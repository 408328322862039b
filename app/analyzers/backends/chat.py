"""Any chat model that LangChain knows, by provider and name."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from app.analyzers.langchain.providers import PLAIN, PROVIDERS, Provider, unknown
from app.analyzers.langchain.speaking import LangChainAnalyzer
from app.analyzers.prompting import Asked
from app.analyzers.remote.options import RemoteOptions
from app.core.errors import InvalidSettings
from app.core.settings.analyzers import AnalyzerSpec

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


class ChatOptions(RemoteOptions):
    provider: str = Field(min_length=1, description="As LangChain calls it: openai, anthropic, mistralai, ollama …")
    base_url: str = Field("", description="Unset: the provider's own, and so a remote one.")
    structured: bool = Field(True, description="Whether the provider is held to the schema, where LangChain can.")
    tells_finish: bool = Field(True, description="Whether it says why an answer ended; else a cut is not seen.")
    options: Mapping[str, Any] = Field(default_factory=dict, description="Fields of the provider's chat model.")

    @field_validator("base_url")
    @classmethod
    def _address(cls, url: str) -> str:
        return RemoteOptions._address(url) if url else url


class ChatAnalyzer(LangChainAnalyzer[ChatOptions]):
    OPTIONS = ChatOptions

    def __init__(self, name: str, spec: AnalyzerSpec) -> None:
        super().__init__(name, spec)
        self.tells_finish = self.options.tells_finish
        self._provider: Provider = PROVIDERS.get(self.options.provider, PLAIN)
        self._clients: tuple[Any, ...] = ()

    def build(self) -> "BaseChatModel":
        from langchain.chat_models import init_chat_model

        own = self.options
        self._clients = self._provider.clients(own.leaves, own.connect_s)
        wired = self._provider.wiring(own.base_url, own.api_key, self._clients)
        try:
            model = init_chat_model(own.model, model_provider=own.provider, **{**wired, **own.options})
        except (ValueError, TypeError, LookupError) as error:
            raise InvalidSettings(
                f"Analyzer {self.name!r} is not configured well: LangChain refuses it ({type(error).__name__}).",
                hint=f"Check analyzers.{self.name}.provider, api_key, base_url and the values in options.",
            ) from error
        if names := unknown(type(model), own.options):
            raise InvalidSettings(
                f"analyzers.{self.name}.options: {type(model).__name__} has no {', '.join(names)}.",
                hint=f"It has: {', '.join(sorted(type(model).model_fields))}.",
            )
        return model

    def call(self, asked: Asked, schema: Mapping[str, object]) -> dict[str, Any]:
        own = self.options
        return self._provider.call(asked, schema if own.structured else None, own.host)

    async def close(self, model: "BaseChatModel") -> None:
        clients, self._clients = self._clients, ()
        await asyncio.gather(*(client.aclose() for client in clients))
