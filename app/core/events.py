"""What happens in a run, in order: the source of every door."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

EventType = Literal[
    "started", "retrieved", "statement", "restarted", "clarification_needed", "approval_needed", "answered", "failed"
]
LAST: frozenset[EventType] = frozenset({"answered", "failed"})  # every stream ends with one of them


@dataclass(frozen=True, slots=True)
class Event:
    """`seq` counts from 1 within a run; `attempt` counts the analyzer's starts. Its SSE id is `run_id:seq`."""

    type: EventType
    run_id: str
    seq: int
    attempt: int = 1
    data: Mapping[str, object] = field(default_factory=dict)

    @property
    def payload(self) -> dict[str, object]:
        return {"v": 1, "run_id": self.run_id, "seq": self.seq, "attempt": self.attempt, **self.data}
