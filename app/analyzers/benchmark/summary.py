"""What the rounds say: the fastest, the best, and whether anything should be changed, with the figures it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from app.analyzers.benchmark.base import SCHEMA, Rate, Round, Row

FASTER = 0.8  # of the active one's median: less gain than that is no reason to change


@dataclass(frozen=True, slots=True)
class Recommendation:
    analyzer: str
    change: bool
    why: str


@dataclass(frozen=True, slots=True)
class Point:
    """One analyzer in one earlier round."""

    status: str
    p50_latency_ms: float | None
    p95_latency_ms: float | None
    fact_coverage: Rate
    citation_validity: Rate


@dataclass(frozen=True, slots=True)
class Past:
    timestamp: str
    request_count: int
    status: str
    models: Mapping[str, Point]


@dataclass(frozen=True, slots=True)
class Summary:
    """`status` is that of the newest round; figures are of the newest one that was not deferred."""

    status: Literal["ok", "failed", "deferred", "never"]
    running: bool
    requests: int  # that this process has taken
    timestamp: str | None = None
    request_count: int | None = None
    active_model: str | None = None
    fastest_model: str | None = None
    best_model: str | None = None
    recommendation: Recommendation | None = None
    models: Mapping[str, Row] = field(default_factory=dict)
    history: tuple[Past, ...] = ()  # the oldest first
    schema: int = SCHEMA


def summarize(rounds: Sequence[Round], *, running: bool, requests: int) -> Summary:
    """`rounds`: the newest first."""
    if not rounds:
        return Summary("never", running, requests)
    made = next((one for one in rounds if one.status != "deferred"), rounds[0])
    fastest, best = fastest_of(made.models), best_of(made.models, made.active)
    return Summary(
        status=rounds[0].status,
        running=running,
        requests=requests,
        timestamp=made.timestamp,
        request_count=made.request_count,
        active_model=made.active,
        fastest_model=fastest,
        best_model=best,
        recommendation=recommend(made, best) if best else None,
        models=made.models,
        history=tuple(past(one) for one in reversed(rounds)),
    )


def able(models: Mapping[str, Row]) -> dict[str, Row]:
    """Those that answered; of one that failed now and then the answers count, and the errors stand apart."""
    return {name: row for name, row in models.items() if row.answered and row.status != "deferred"}


def fastest_of(models: Mapping[str, Row]) -> str | None:
    times = {name: row.p50_latency_ms for name, row in able(models).items() if row.p50_latency_ms is not None}
    return min(times, key=lambda name: (times[name], name), default=None)


def best_of(models: Mapping[str, Row], active: str) -> str | None:
    """By quality; among equals the active one, then the faster one."""

    def rank(name: str) -> tuple[float, float, bool, float]:
        row = models[name]
        return quality(row).share, -row.errors.share, name == active, -(row.p50_latency_ms or 0.0)

    return max(sorted(able(models)), key=rank, default=None)


def quality(row: Row) -> Rate:
    """Facts where it is known what is right; else whether what was said is borne out."""
    return row.fact_coverage if row.fact_coverage.n else row.citation_validity


def recommend(made: Round, best: str) -> Recommendation:
    """A change is advised only where the intervals part, or where the other is as good and clearly faster."""
    rows, active = able(made.models), made.active
    if active not in rows:
        return Recommendation(best, True, f"{active} did not answer; {told(best, rows[best])}")
    mine = rows[active]
    if quality(rows[best]).low > quality(mine).high:
        return Recommendation(best, True, f"{told(best, rows[best])} against {told(active, mine)}")
    quicker = {name: row for name, row in rows.items() if faster(row, mine) and not worse(row, mine)}
    if quicker:
        name = min(quicker, key=lambda name: (quicker[name].p50_latency_ms, name))
        return Recommendation(name, True, f"as good and faster: {told(name, rows[name])} against {told(active, mine)}")
    if best == active:
        return Recommendation(active, False, f"nobody is better: {told(active, mine)}")
    why = f"no difference is shown: {told(best, rows[best])} against {told(active, mine)}"
    return Recommendation(active, False, why)


def faster(row: Row, mine: Row) -> bool:
    return (row.p95_latency_ms or 0.0) < FASTER * (mine.p50_latency_ms or 0.0)


def worse(row: Row, mine: Row) -> bool:
    return quality(row).share < quality(mine).share or row.errors.share > mine.errors.share


def told(name: str, row: Row) -> str:
    rate = quality(row)
    what = "facts" if row.fact_coverage.n else "valid citations"
    rates = f"{what} {rate.share:.2f} [{rate.low:.2f}, {rate.high:.2f}], n={rate.n}"
    return f"{name} ({rates}, median {row.p50_latency_ms:.0f} ms, {row.errors.hits} of {row.errors.n} errors)"


def past(made: Round) -> Past:
    points = {
        name: Point(row.status, row.p50_latency_ms, row.p95_latency_ms, row.fact_coverage, row.citation_validity)
        for name, row in made.models.items()
    }
    return Past(made.timestamp, made.request_count, made.status, points)
