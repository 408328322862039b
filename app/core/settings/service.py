"""Where the service listens and what it takes in."""

from pydantic import BaseModel, ConfigDict, Field


class ServiceSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    sample_shelf: bool = Field(True, description="Ingest the sample documents when the home is new.")
    body_limit: int = Field(4 * 2**20, description="Bytes of a question.")
    upload_limit: int = Field(64 * 2**20, description="Bytes of a document.")
    run_linger_s: float = Field(15.0, description="Seconds that a run outlives the SSE client that left.")
    events_kept: int = Field(512, description="Runs whose events can still be resumed.")
