"""What is kept so that it need not be made twice, and where."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class CacheSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    memory_mb: int = Field(16, ge=0, le=65_536, description="Megabytes of this process; 0 keeps nothing.")
    redis_url: SecretStr | None = Field(
        None, description="redis://… of a cache that several processes share; unset: each keeps its own."
    )
    search_ttl_s: float = Field(600.0, ge=0, description="Seconds that what a question found is kept; 0: not at all.")
    vector_ttl_s: float = Field(86_400.0, ge=0, description="Seconds that a question's vector is kept; 0: not at all.")
