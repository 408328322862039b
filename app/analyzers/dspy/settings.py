"""The options of a row whose kind is `dspy`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class DSPyOptions(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    program: Path = Field(description="The compiled program: the JSON file that compiling has left.")
    over: str = Field(min_length=1, description="The row whose model speaks.")
