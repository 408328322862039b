"""The options of a row whose kind is `openai`: any server that speaks that protocol."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

Structured = Literal["auto", "json_schema", "json_object", "none"]
OPENAI = "api.openai.com"


class OpenAIOptions(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(min_length=1)
    base_url: str = f"https://{OPENAI}/v1"
    api_key: SecretStr = SecretStr("none")  # a local server asks for none, the client for any
    headers: Mapping[str, SecretStr] = Field(default_factory=dict)
    remote: bool | None = Field(None, description="Default: whether base_url leaves this machine.")
    family: str = "default"
    context: int = Field(0, ge=0, description="Tokens that prompt and answer share; 0: no limit is known.")
    max_tokens: int = Field(1024, ge=1, description="The most that a caller may ask for, and what is asked otherwise.")
    temperature: float | None = Field(None, ge=0, le=2)
    seed: int | None = None
    structured: Structured = "auto"
    timeout_s: float = Field(20.0, gt=0, description="The longest wait for the next piece of an answer.")
    connect_s: float = Field(3.0, gt=0)
    retries: int = Field(2, ge=0, le=10)
    omit: tuple[str, ...] = Field((), description="Request fields that this server refuses.")
    extra: Mapping[str, Any] = Field(default_factory=dict, description="Request fields of this server's own.")

    @field_validator("base_url")
    @classmethod
    def _address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("this is no http or https address")
        return url.rstrip("/")

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or ""

    @property
    def leaves(self) -> bool:
        """Whether an answer sends anything off this machine."""
        return not _loopback(self.host) if self.remote is None else self.remote

    @property
    def limit_field(self) -> str:
        """OpenAI's own newer models refuse the old name, llama.cpp ignores the new one."""
        return "max_completion_tokens" if self.host == OPENAI else "max_tokens"


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
