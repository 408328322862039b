"""Who may come in, and whether critical steps wait for a named person."""

from pydantic import BaseModel, ConfigDict


class GateSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    approval: bool | None = None  # None: on as soon as any key may approve
