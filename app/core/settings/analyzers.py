"""A row of the analyzer table; the options beyond `kind` belong to the backend, which validates them."""

from pydantic import BaseModel, ConfigDict, Field


class AnalyzerSpec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str
    budget_s: float = 30.0  # time to a whole answer; when it is spent, `evidence` answers
    failures: int = Field(3, ge=0)  # in a row, after which it is left alone for a while; 0: it never is
    cache_s: float = Field(0.0, ge=0)  # seconds that its answers are kept; 0: not at all

    def __repr_args__(self) -> list[tuple[str, object]]:
        """Without the options: one of them may be a key."""
        return [("kind", self.kind), ("budget_s", self.budget_s)]

    @property
    def options(self) -> dict[str, object]:
        return dict(self.model_extra or {})


EVIDENCE = AnalyzerSpec(kind="evidence", budget_s=3.0)
