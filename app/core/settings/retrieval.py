"""How many passages an answer may see and how wide each lane looks."""

from pydantic import BaseModel, ConfigDict, Field

from app.core.settings.models import EmbeddingSettings, RerankingSettings


class RetrievalSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    store: str = Field("embedded", description="Where the index lives.")
    embedder: str = Field("minilm", description="What turns text into vectors: minilm, folder or openai.")
    reranker: str = Field("none", description="What reads the best passages again: none, cross-encoder or remote.")
    allow_remote: bool = Field(
        False, description="Whether an embedder or a reranker may be sent text when it is not on this machine."
    )
    k: int = Field(8, ge=1, le=50, description="Passages that an answer may see.")
    lane_k: int = Field(50, ge=1, le=500, description="Hits that each lane brings before they are fused.")
    embedding: EmbeddingSettings = EmbeddingSettings()
    reranking: RerankingSettings = RerankingSettings()
