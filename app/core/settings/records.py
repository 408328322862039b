"""How long records are kept, each kind by itself (0: for ever), and where they wait for a full disk."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class RecordsSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    spool: Path | None = Field(
        None, description="Where packs wait that the database cannot take; best on another disk. Default: in the home."
    )
    runs_days: float = Field(0.0, ge=0, description="Days that runs that have ended are kept, with their packs.")
    gaps_days: float = Field(0.0, ge=0, description="Days that is kept what was asked and not found.")
    benchmarks_days: float = Field(0.0, ge=0, description="Days that rounds of the benchmark are kept.")
    sweep_s: float = Field(3600.0, gt=0, description="Seconds between two looks for what is older.")
