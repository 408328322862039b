"""What the rows of all analyzers have in common whose model is reached over a network."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class RemoteOptions(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(min_length=1)
    base_url: str = ""
    api_key: SecretStr | None = Field(None, repr=False)
    remote: bool | None = Field(None, description="Default: whether base_url leaves this machine.")
    family: str = "default"
    context: int = Field(0, ge=0, description="Tokens that prompt and answer share; 0: no limit is known.")
    max_tokens: int = Field(1024, ge=1, description="The most that a caller may ask for, and what is asked otherwise.")
    temperature: float | None = Field(None, ge=0, le=2)
    seed: int | None = None
    timeout_s: float = Field(20.0, gt=0, description="The longest wait for the next piece of an answer.")
    connect_s: float = Field(3.0, gt=0)
    retries: int = Field(2, ge=0, le=10)

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
        """Whether an answer sends anything off this machine; without an address nobody can tell, so it does."""
        return not _loopback(self.host) if self.remote is None else self.remote


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
