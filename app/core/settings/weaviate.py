"""Where Weaviate is, who we are to it, and how long each call may take. Read where `retrieval.store` is `weaviate`."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from app.core.errors import InvalidSettings


class WeaviateSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(
        "http://127.0.0.1:8080", description="Address of its REST side; https turns TLS on for both sides."
    )
    grpc_host: str | None = Field(None, description="Host of its gRPC side; default: the one of the address.")
    grpc_port: int = Field(50051, ge=1, le=65535, description="Port of its gRPC side.")
    api_key: SecretStr | None = Field(None, description="API key; by environment or file only.")
    api_key_file: Path | None = Field(None, description="File that holds the API key, instead of the variable.")
    trust_env: bool = Field(False, description="Whether proxies and SSL_CERT_FILE of the environment are used.")
    collection: str = Field("RailDebug", pattern=r"^[A-Z][A-Za-z0-9_]{0,99}$", description="One home, one collection.")
    vectorizer: str = Field("auto", description="Module that answers near-text; auto: a local one if enabled; none.")
    vectorizer_options: dict[str, Any] = Field(default_factory=dict, description="What that module is told, as JSON.")
    replication: int = Field(1, ge=1, le=9, description="Copies of each object in a cluster.")
    connect_s: float = Field(2.0, gt=0, description="Seconds to connect.")
    query_s: float = Field(1.0, gt=0, description="Seconds that a question waits, once, before it goes on without.")
    write_s: float = Field(30.0, gt=0, description="Seconds that one batch may take.")
    batch: int = Field(200, ge=1, le=1000, description="Objects in one batch.")
    patience_s: float = Field(1.0, gt=0, description="Seconds a question waits for a change before the older answers.")

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("this is no http or https address")
        return url.rstrip("/")

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or (443 if self.secure else 80)

    @property
    def secure(self) -> bool:
        return urlsplit(self.url).scheme == "https"

    def key(self) -> str | None:
        """Raises `InvalidSettings` when the file cannot be read."""
        if self.api_key_file is None:
            return self.api_key.get_secret_value() if self.api_key else None
        try:
            return self.api_key_file.expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidSettings(f"retrieval.weaviate.api_key_file: {error}.") from error
