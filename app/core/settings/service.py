"""Where the service listens and what it takes in."""

from pydantic import BaseModel, ConfigDict, Field


class ServiceSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    sample_shelf: bool = True  # ingest the sample documents when the home is new
    body_limit: int = 4 * 2**20  # bytes of a question
    upload_limit: int = 64 * 2**20  # bytes of a document
    run_linger_s: float = 15.0  # how long a run outlives the SSE client that left
    events_kept: int = 1024  # runs whose events can still be resumed
