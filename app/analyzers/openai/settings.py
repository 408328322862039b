"""The options of a row whose kind is `openai`: any server that speaks that protocol."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, SecretStr

from app.analyzers.remote.options import RemoteOptions

Structured = Literal["auto", "json_schema", "structured_outputs", "guided_json", "json_object", "none"]
OPENAI = "api.openai.com"


class OpenAIOptions(RemoteOptions):
    base_url: str = f"https://{OPENAI}/v1"
    api_key: SecretStr = SecretStr("none")  # a local server asks for none, the client for any
    headers: Mapping[str, SecretStr] = Field(default_factory=dict)
    adapter: str = Field("", description="Name under which the server offers a LoRA adapter on the model.")
    structured: Structured = Field(
        "auto", description="How the server is held to the schema; vLLM's own two are found out by its version."
    )
    omit: tuple[str, ...] = Field((), description="Request fields that this server refuses.")
    extra: Mapping[str, Any] = Field(default_factory=dict, description="Request fields of this server's own.")

    @property
    def served(self) -> str:
        """The name on the wire: vLLM offers each adapter as a model of its own."""
        return self.adapter or self.model

    @property
    def limit_field(self) -> str:
        """OpenAI's own newer models refuse the old name, llama.cpp ignores the new one."""
        return "max_completion_tokens" if self.host == OPENAI else "max_tokens"
