"""The newest finished spans, kept in process: what the trace page shows when no collector is there."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Span:
    """A finished span. `parent_id` is empty at the root of a trace, `error` is the error's code or empty."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    started_at: float  # seconds since the epoch
    milliseconds: float
    attributes: Mapping[str, object] = field(default_factory=dict)
    error: str = ""


class Ring:
    """Spans are added from any thread; when it is full the oldest goes."""

    def __init__(self, size: int) -> None:
        self._spans: deque[Span] = deque(maxlen=size)

    def __len__(self) -> int:
        return len(self._spans)

    def add(self, span: Span) -> None:
        self._spans.append(span)

    def trace(self, trace_id: str) -> tuple[Span, ...]:
        """The spans of one trace that are still kept, in the order in which they began."""
        kept = (span for span in self._spans.copy() if span.trace_id == trace_id)
        return tuple(sorted(kept, key=lambda span: span.started_at))

    def newest(self, limit: int = 50) -> tuple[Span, ...]:
        """The roots of the traces that ended last, newest first."""
        roots = [span for span in self._spans.copy() if not span.parent_id]
        return tuple(roots[: -limit - 1 : -1])
