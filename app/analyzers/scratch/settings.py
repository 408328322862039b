"""The options of a row whose kind is `scratch`."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ScratchOptions(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path = Field(description="Folder with config.json, model.safetensors and tokenizer.json.")
    device: Literal["auto", "cpu", "cuda"] = "auto"
    family: str = "default"
    context: int = Field(0, ge=0, description="Tokens that prompt and answer share; 0: what the model was made for.")
    max_tokens: int = Field(512, ge=1, description="The most that a caller may ask for, and what is asked otherwise.")
    temperature: float | None = Field(None, ge=0, le=2)
    top_k: int = Field(0, ge=0)
    top_p: float = Field(1.0, gt=0, le=1)
    seed: int | None = None
    parallel: int = Field(4, ge=1, le=64, description="Answers in the making at a time; each has a cache of its own.")
