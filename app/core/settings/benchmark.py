"""When analyzers are compared, on what, and how long the comparison stands back."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class BenchmarkSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    every: int = Field(50, ge=0, description="Requests from one benchmark to the next; 0: only on demand.")
    recent: int = Field(5, ge=0, le=100, description="Recent questions that are asked again; kept in memory alone.")
    golden: int = Field(8, ge=0, le=1000, description="Golden questions that are asked.")
    cases: Path | None = Field(None, description="JSONL of the golden questions; unset: those of the sample shelf.")
    quiet_s: float = Field(0.5, ge=0, description="Seconds without a question before the benchmark goes on.")
    patience_s: float = Field(600.0, gt=0, description="Seconds without idle time after which a round is deferred.")
    allow_remote: bool = Field(False, description="Whether remote analyzers are asked too; they may charge for it.")
