"""Google's models, by LangChain's chat model for them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, SecretStr

from app.analyzers.langchain.speaking import LangChainAnalyzer
from app.analyzers.prompting import Asked
from app.analyzers.remote.options import RemoteOptions
from app.core.errors import InvalidSettings
from app.core.settings.analyzers import AnalyzerSpec

if TYPE_CHECKING:
    import httpx
    from google.genai import Client
    from langchain_core.language_models import BaseChatModel


class GeminiOptions(RemoteOptions):
    base_url: str = "https://generativelanguage.googleapis.com"
    context: int = Field(1_000_000, ge=0, description="Tokens that prompt and answer share.")
    structured: Literal["json_schema", "json_object", "none"] = "json_schema"
    thinking_budget: int | None = Field(None, ge=-1, description="Tokens of thought; 0: none, -1: as the model likes.")
    safety: Mapping[str, str] = Field(
        default_factory=dict, description="Threshold by category, such as HARM_CATEGORY_DANGEROUS_CONTENT: BLOCK_NONE."
    )


class GeminiAnalyzer(LangChainAnalyzer[GeminiOptions]):
    OPTIONS = GeminiOptions

    def __init__(self, name: str, spec: AnalyzerSpec) -> None:
        super().__init__(name, spec)
        self._http: httpx.AsyncClient | None = None

    def build(self) -> "BaseChatModel":
        from langchain_google_genai import ChatGoogleGenerativeAI

        own = self.options
        asked = {"thinking_budget": own.thinking_budget, "safety_settings": dict(own.safety) or None}
        try:
            model = ChatGoogleGenerativeAI(
                model=own.model,
                api_key=own.api_key,
                base_url=own.base_url,
                vertexai=False,
                max_retries=1,  # attempts, of which the first is one: asking again is ours
                **{name: value for name, value in asked.items() if value is not None},
            )
        except ValueError as error:
            raise InvalidSettings(
                f"Analyzer {self.name!r} is not configured well: {type(error).__name__} of its client.",
                hint=f"Set analyzers.{self.name}.api_key or GOOGLE_API_KEY; check safety and thinking_budget.",
            ) from error
        model.client, self._http = _client(own, model.google_api_key)
        return model

    def call(self, asked: Asked, schema: Mapping[str, object]) -> dict[str, Any]:
        if self.options.structured == "none":
            return {}
        form: dict[str, Any] = {"response_mime_type": "application/json"}
        return form if self.options.structured == "json_object" else {**form, "response_json_schema": dict(schema)}

    async def close(self, model: "BaseChatModel") -> None:
        http, self._http = self._http, None
        await model.aclose()
        if http:
            await http.aclose()


def _client(own: GeminiOptions, key: SecretStr | None) -> "tuple[Client, httpx.AsyncClient]":
    """Over httpx, since LangChain reads an error's body without waiting for it, which aiohttp's cannot take."""
    import httpx
    from google.genai import Client
    from google.genai.types import HttpOptions, HttpRetryOptions

    http = httpx.AsyncClient(
        timeout=httpx.Timeout(None, connect=own.connect_s),
        follow_redirects=False,  # a local server must not be able to send a question elsewhere
        trust_env=own.leaves,  # nor may a proxy stand before it
    )
    wired = HttpOptions(base_url=own.base_url, httpx_async_client=http, retry_options=HttpRetryOptions(attempts=1))
    return Client(api_key=key.get_secret_value() if key else None, vertexai=False, http_options=wired), http
