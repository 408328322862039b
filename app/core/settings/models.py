"""An embedder or a reranker other than the built-in one: in a folder, or behind an address."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from app.core.settings.address import checked

Url = Annotated[str, AfterValidator(checked)]


class EmbeddingSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path | None = Field(None, description="`folder`: an encoder as Hugging Face lays it out.")
    url: Url | None = Field(None, description="`openai`: where the API begins, as https://api.openai.com/v1.")
    model: str = Field("", description="`openai`: name of the model there.")
    key: SecretStr | None = Field(None, description="`openai`: key of the server, if it asks for one.")
    dimensions: int = Field(0, ge=0, le=8192, description="`openai`: numbers in a vector; a wrong one is refused.")
    timeout_s: float = Field(5.0, gt=0, description="`openai`: the longest wait for one batch of texts.")
    batch: int = Field(64, ge=1, le=2048, description="`openai`: texts that are sent at once.")


class RerankingSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path | None = Field(None, description="`cross-encoder`: a sequence classifier as Hugging Face lays it out.")
    url: Url | None = Field(None, description="`remote`: the whole address, as http://127.0.0.1:8080/rerank.")
    model: str = Field("", description="`remote`: name of the model there, if the server wants one.")
    key: SecretStr | None = Field(None, description="`remote`: key of the server, if it asks for one.")
    texts_as: Literal["documents", "texts"] = Field(
        "documents", description="`remote`: what the server calls the passages; `texts` for Text Embeddings Inference."
    )
    depth: int = Field(20, ge=1, le=100, description="Passages that are read again.")
    timeout_s: float = Field(2.0, gt=0, description="The longest wait; after it the order stays as it was.")
