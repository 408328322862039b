"""How many passages an answer may see and how wide each lane looks."""

from pydantic import BaseModel, ConfigDict, Field


class RetrievalSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    store: str = "embedded"
    embedder: str = "minilm"
    k: int = Field(8, ge=1, le=50)
    lane_k: int = Field(50, ge=1, le=500)
