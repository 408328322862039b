"""How much memory analyzers may take, and how long they are waited for."""

from pydantic import BaseModel, ConfigDict, Field


class PoolSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    ram_share: float = Field(0.8, gt=0, le=1, description="Share of this machine's memory that analyzers may take.")
    vram_share: float = Field(0.9, gt=0, le=1, description="Share of the graphics memory that they may take.")
    queue: int = Field(4, ge=1, description="Questions at a time in one copy before another copy is loaded.")
    idle_s: float = Field(120.0, ge=0, description="Seconds after which an idle copy beyond the first is unloaded.")
    retry_s: float = Field(
        30.0, ge=0, description="Seconds before an analyzer that could not be loaded is tried again."
    )
    linger_s: float = Field(
        2.0, ge=0, description="Seconds that an analyzer stays loaded after a switch, at the least."
    )
    drain_s: float = Field(30.0, ge=0, description="Seconds that `unload` waits for running answers before it returns.")
    probe_s: float = Field(60.0, gt=0, description="Seconds that the first answer of a newly loaded analyzer may take.")
    follow_s: float = Field(0.5, gt=0, description="Seconds between two looks at what other processes have chosen.")
