"""When an analyzer counts as qualified, and how much of the traffic a shadow sees."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class QualifySettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    cases: Path | None = Field(None, description="JSONL of the golden questions; unset: those of the sample shelf.")
    measure: str = Field("facts", description="Measure that the gate looks at, as `rail-debug eval` names it.")
    floor: float = Field(0.5, ge=0, le=1, description="What the lower end of its 95 % interval must reach.")
    least: int = Field(20, ge=1, description="Golden questions below which nobody passes.")
    sample: float = Field(0.1, ge=0, le=1, description="Share of the answered questions that a shadow answers too.")
    queue: int = Field(8, ge=1, description="Questions that wait for a shadow; more are let go.")
