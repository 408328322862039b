"""The traces in process as their owners may see them, and the figures that nobody owns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.errors import NotFound
from app.core.principal import Principal
from app.records.base import Runs
from app.telemetry import semconv
from app.telemetry.ring import Span
from app.telemetry.setup import Tracing

if TYPE_CHECKING:
    from app.telemetry.metrics import Text


@dataclass(frozen=True, slots=True)
class Bar:
    """One span of a waterfall: `offset_ms` after the trace's first, `depth` below its root."""

    span_id: str
    parent_id: str
    name: str
    depth: int
    offset_ms: float
    ms: float
    error: str
    attributes: Mapping[str, object]
    links: tuple[str, ...]  # traces


@dataclass(frozen=True, slots=True)
class Trace:
    trace_id: str
    run_ids: tuple[str, ...]
    name: str
    started_at: float  # seconds since the epoch
    ms: float
    errors: int
    spans: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    tracing: Tracing
    runs: Runs

    def metrics(self) -> "Text":
        if self.tracing.metrics is None:
            raise NotFound("Metrics are switched off.", hint="Set RAIL_DEBUG_TELEMETRY__METRICS=true.")
        return self.tracing.metrics.text()

    async def newest(self, principal: Principal, limit: int) -> Sequence[Trace]:
        """Without their spans."""
        found: list[Trace] = []
        for trace_id in self.tracing.ring.trace_ids():
            spans = await self._seen(principal, trace_id)
            if spans:
                found.append(told(spans, whole=False))
            if len(found) == limit:
                break
        return found

    async def trace(self, principal: Principal, trace_id: str) -> Trace:
        """Raises `NotFound` also for one that belongs to somebody else."""
        spans = await self._seen(principal, trace_id)
        if not spans:
            raise NotFound(f"There is no trace {trace_id!r}.", hint="Only the newest are kept in process.")
        return told(spans)

    async def _seen(self, principal: Principal, trace_id: str) -> Sequence[Span]:
        """A caller may name any trace as its own request's parent: so spans are shown run by run, not by the trace."""
        spans = self.tracing.ring.trace(trace_id)
        if principal.may("admin") and principal.kbs is None:
            return spans
        mine = {run_id for run_id in run_ids(spans) if await self._may_see(principal, run_id)}
        return of_runs(spans, mine) if mine else ()

    async def _may_see(self, principal: Principal, run_id: str) -> bool:
        try:
            await self.runs.get(principal, run_id)
        except NotFound:
            return False
        return True


def run_ids(spans: Sequence[Span]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(run for span in spans if (run := _run(span))))


def _run(span: Span) -> str:
    return str(span.attributes.get(semconv.RUN_ID) or span.attributes.get(semconv.RUN_OF) or "")


def of_runs(spans: Sequence[Span], mine: set[str]) -> Sequence[Span]:
    """The runs' own spans, all below them, and the requests that they came in by."""
    by_id = {span.span_id: span for span in spans}
    kept: set[str] = set()
    for span in spans:
        way, run = [span], _run(span)
        while not run and (above := by_id.get(way[-1].parent_id)) and above not in way:
            way.append(above)
            run = _run(above)
        if run in mine:
            kept |= {each.span_id for each in way}
            kept |= {each.span_id for each in _ancestors(way[-1], by_id)} if _run(way[-1]) == run else set()
    return [span for span in spans if span.span_id in kept]


def _ancestors(span: Span, by_id: Mapping[str, Span]) -> Sequence[Span]:
    """Up to the request, and no further than to another run."""
    found: list[Span] = []
    while (above := by_id.get((found[-1] if found else span).parent_id)) and above not in found and not _run(above):
        found.append(above)
    return found


def told(spans: Sequence[Span], *, whole: bool = True) -> Trace:
    first = min(span.started_ns for span in spans)
    ended = max(span.ended_ns for span in spans)
    return Trace(
        trace_id=spans[0].trace_id,
        run_ids=run_ids(spans),
        name=spans[0].name,
        started_at=first / 1e9,
        ms=round((ended - first) / 1e6, 3),
        errors=sum(bool(span.error) for span in spans),
        spans=tuple(waterfall(spans, first)) if whole else (),
    )


def waterfall(spans: Sequence[Span], first: int) -> list[Bar]:
    """Each span above its children, the children in the order in which they began."""
    there = {span.span_id for span in spans}
    below: dict[str, list[Span]] = {}
    for span in spans:
        below.setdefault(span.parent_id if span.parent_id in there else "", []).append(span)
    bars: list[Bar] = []
    waiting = [(span, 0) for span in reversed(below.get("", ()))]
    while waiting:
        span, depth = waiting.pop()
        bars.append(_bar(span, depth, first))
        waiting += [(child, depth + 1) for child in reversed(below.get(span.span_id, ()))]
    return bars


def _bar(span: Span, depth: int, first: int) -> Bar:
    return Bar(
        span_id=span.span_id,
        parent_id=span.parent_id,
        name=span.name,
        depth=depth,
        offset_ms=round((span.started_ns - first) / 1e6, 3),
        ms=round(span.milliseconds, 3),
        error=span.error,
        attributes={name: value for name, value in span.attributes.items() if name not in semconv.CONTENT},
        links=tuple(link.trace_id for link in span.links),
    )
