"""The newest finished spans, kept in process: what the trace page shows when no collector is there."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.telemetry.context import Place
from app.telemetry.semconv import Kind


@dataclass(frozen=True, slots=True)
class Span:
    """A finished span. `parent_id` is empty at the root of a trace, `error` is the error's code or empty."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    started_ns: int  # since the epoch
    ended_ns: int
    attributes: Mapping[str, object] = field(default_factory=dict)
    error: str = ""
    kind: Kind = "internal"
    links: tuple[Place, ...] = ()
    remote: bool = False  # the parent is another process's
    sampled: bool = True

    @property
    def milliseconds(self) -> float:
        return (self.ended_ns - self.started_ns) / 1e6


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
        return tuple(sorted(kept, key=lambda span: span.started_ns))

    def trace_ids(self) -> tuple[str, ...]:
        """Those of the spans that are still kept, the one that ended last first."""
        return tuple(dict.fromkeys(span.trace_id for span in reversed(self._spans.copy())))

    def newest(self, limit: int = 50) -> tuple[Span, ...]:
        """The roots of the traces that ended last, newest first."""
        roots = [span for span in self._spans.copy() if not span.parent_id or span.remote]
        return tuple(roots[: -limit - 1 : -1])
