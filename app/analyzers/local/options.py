"""What every model in this process lets its row say."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class LocalOptions(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    family: str = "default"
    max_tokens: int = Field(1024, ge=1, description="The most that a caller may ask for, and what is asked otherwise.")
    temperature: float | None = Field(None, ge=0, le=2)
    seed: int | None = Field(None, ge=0, lt=2**32 - 1, description="Default: drawn for each answer, and told.")
    structured: Literal["json", "none"] = "json"
    waiting: int = Field(32, ge=1, description="Questions that may wait; one more is turned away.")
