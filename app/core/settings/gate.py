"""Who may come in, and whether critical steps wait for a named person."""

from pydantic import BaseModel, ConfigDict, Field


class GateSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    approval: bool | None = Field(
        None, description="Whether critical steps are held; unset: as soon as any key may approve."
    )
