"""How many passages an answer may see and how wide each lane looks."""

from pydantic import BaseModel, ConfigDict, Field


class RetrievalSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    store: str = Field("embedded", description="Where the index lives.")
    embedder: str = Field("minilm", description="What turns text into vectors.")
    k: int = Field(8, ge=1, le=50, description="Passages that an answer may see.")
    lane_k: int = Field(50, ge=1, le=500, description="Hits that each lane brings before they are fused.")
