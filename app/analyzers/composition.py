"""How a row of the table becomes an analyzer, and how rows stand behind one another: all wrapping is done here."""

from collections.abc import Mapping, Sequence
from functools import partial

from app.analyzers.base import Analyzer
from app.analyzers.breaker import Breaker
from app.analyzers.cached import Cached
from app.analyzers.failover import Failover
from app.analyzers.joining import Reach, check_layers, joined
from app.analyzers.leased import Leased
from app.analyzers.masked import Masked
from app.analyzers.pool import Pool
from app.analyzers.priced import Priced
from app.analyzers.routes import subsystems
from app.analyzers.seat import Seat
from app.analyzers.shadow import Shadow, Shadowed
from app.analyzers.table import BACKENDS
from app.analyzers.traced import Traced
from app.core.cache import Cache
from app.core.errors import InvalidSettings, UnknownAnalyzer
from app.core.settings.analyzers import FALLBACK, AnalyzerSpec, Table
from app.core.settings.lines import place

NEVER = 0  # failures in a row: the last one is always asked


def copy_of(name: str, spec: AnalyzerSpec, reach: Reach) -> Analyzer:
    """What the pool loads, once for each copy."""
    backend = Masked(joined(BACKENDS[spec.kind](name, spec), reach))
    return Breaker(Traced(Priced(backend, spec.price)), NEVER if name == FALLBACK else spec.failures)


def in_order(
    pool: Pool, seats: Sequence[Seat], shadow: Shadow, *, cache: Cache | None = None, allow_remote: bool = False
) -> Analyzer:
    """The first is asked; the others, `evidence` at last, stand behind it."""
    first, *behind = seats
    leased = [Leased(pool, first), *(Leased(pool, seat, wait=seat.name == FALLBACK) for seat in behind)]
    order = [kept(one, cache, one.seat.cache_s) for one in leased]
    chain = Failover(order, allow_remote=allow_remote)
    return Shadowed(chain, shadow)


def kept(analyzer: Analyzer, cache: Cache | None, seconds: float) -> Analyzer:
    return Cached(analyzer, cache, seconds) if cache and seconds else analyzer


def seated(name: str, spec: AnalyzerSpec, reach: Reach) -> Seat:
    """Cheap, and checks the row. Raises `InvalidSettings` naming the row, the option and where it stands."""
    path = ("analyzers", name, "kind")
    if name == FALLBACK and spec.kind != FALLBACK:
        raise InvalidSettings(
            f"analyzers.{name}.kind: {name!r} stands behind all others and cannot be another kind{place(path)}."
        )
    if spec.kind not in BACKENDS:
        raise InvalidSettings(
            f"analyzers.{name}.kind: {spec.kind!r} is no kind of analyzer{place(path)}.",
            hint=f"Kinds are: {', '.join(sorted(BACKENDS))}.",
        )
    return Seat(name, partial(copy_of, name, spec, reach), spec.replicas, spec.cache_s)


def check(table: Table) -> None:
    """Every name that is used is a row. Raises `InvalidSettings`, `UnknownAnalyzer` when the active one is none."""
    if table.active not in table.rows:
        there = ", ".join(sorted(table.rows))
        raise UnknownAnalyzer(
            f"There is no analyzer {table.active!r}{place(('analyzer',))}.", hint=f"Configured are: {there}."
        )
    check_layers(table.rows)
    for number, name in enumerate(table.fallback):
        _must_be_row(name, table.rows, "fallback", number)
    for number, route in enumerate(table.routes):
        _must_be_row(route.to, table.rows, "routes", number, "to")
        for part in sorted(set(route.when.subsystem) - subsystems()):
            raise InvalidSettings(
                f"routes.{number}.when.subsystem: {part!r} is none{place(('routes', number, 'when', 'subsystem'))}.",
                hint=f"Subsystems are: {', '.join(sorted(subsystems()))}.",
            )


def _must_be_row(name: str, rows: Mapping[str, AnalyzerSpec], *path: str | int) -> None:
    if name not in rows:
        raise InvalidSettings(
            f"{'.'.join(map(str, path))}: {name!r} is no configured analyzer{place(path)}.",
            hint=f"Configured are: {', '.join(sorted(rows))}.",
        )
