"""How much of the house is watched."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class TelemetrySettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    tracing: bool = Field(True, description="Whether spans are made at all.")
    ring: int = Field(2048, ge=0, description="Finished spans kept in process.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe line that is logged."
    )
