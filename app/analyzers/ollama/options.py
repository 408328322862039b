"""The options of a row whose kind is `ollama`."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from app.analyzers.remote.options import RemoteOptions


class OllamaOptions(RemoteOptions):
    base_url: str = "http://127.0.0.1:11434"
    context: int = Field(8192, ge=256, description="Tokens that prompt and answer share; asked for, and verified.")
    keep_alive: str | float = Field("5m", description="How long the server keeps the model loaded; -1: always.")
    pull: bool = Field(False, description="Whether the server is told to fetch the model when it has none.")
    load_s: float = Field(120.0, gt=0, description="What the server may take to load the model.")
    structured: bool = Field(True, description="Whether the server holds the answer to the schema.")
    extra: Mapping[str, Any] = Field(default_factory=dict, description="Ollama's own, such as num_gpu or top_k.")
