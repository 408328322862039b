"""A row of the analyzer table; the options beyond `kind` belong to the backend, which validates them."""

from pydantic import BaseModel, ConfigDict


class AnalyzerSpec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str
    budget_s: float = 30.0  # time to a whole answer; when it is spent, `evidence` answers

    def __repr_args__(self) -> list[tuple[str, object]]:
        """Without the options: one of them may be a key."""
        return [("kind", self.kind), ("budget_s", self.budget_s)]

    @property
    def options(self) -> dict[str, object]:
        return dict(self.model_extra or {})


EVIDENCE = AnalyzerSpec(kind="evidence", budget_s=3.0)
