"""What is read off the house's parts whenever somebody asks for the metrics."""

from collections.abc import Iterable, Mapping

from app.analyzers.manager import Manager
from app.analyzers.seat import Seat
from app.core.cache import Cache
from app.services.indexes import Switch
from app.telemetry.setup import Tracing
from app.telemetry.threads import Threads

Points = Iterable[tuple[float, Mapping[str, str]]]


def join(tracing: Tracing, manager: Manager, cache: Cache, switch: Switch, pool: Threads) -> None:
    if tracing.metrics is None:
        return
    watch = tracing.metrics.watch
    watch(
        "rail_debug.analyzer.state", lambda: [(1, {**of(seat), "state": word(seat)}) for seat in manager.seats.values()]
    )
    watch(
        "rail_debug.analyzer.active",
        lambda: [(float(name == manager.active), {"analyzer": name}) for name in manager.seats],
    )
    watch("rail_debug.analyzer.leases", lambda: [(seat.leases, of(seat)) for seat in manager.seats.values()])
    watch("rail_debug.analyzer.memory", lambda: _memory(manager))
    watch("rail_debug.breaker.open", lambda: [(float(rests(seat)), of(seat)) for seat in manager.seats.values()])
    watch("rail_debug.cache.size", lambda: [(cache.size, {})])
    watch("rail_debug.part.up", lambda: _parts(cache, switch))
    watch("rail_debug.queue", lambda: [(pool.waiting, {"of": "threads"})])
    watch("rail_debug.spans.lost", lambda: _lost(tracing))


def of(seat: Seat) -> Mapping[str, str]:
    return {"analyzer": seat.name}


def word(seat: Seat) -> str:
    """`ready`, or the code of the error that keeps it from being so; the rest is for people."""
    return seat.state.partition(":")[0].partition(",")[0]


def rests(seat: Seat) -> bool:
    return any(getattr(copy.analyzer, "rests", 0.0) > 0 for copy in seat.copies)


def _memory(manager: Manager) -> Points:
    held = manager.pool.held
    return [(held.ram, {"kind": "ram"}), (held.vram, {"kind": "vram"})]


def _parts(cache: Cache, switch: Switch) -> Points:
    store, encoder = switch.current.store, switch.current.encoder
    why_not = {f"store:{store.name}": store.trouble, "embedder": encoder.why_not, "cache": cache.why_not}
    return [(float(not reason), {"part": part}) for part, reason in why_not.items()]


def _lost(tracing: Tracing) -> Points:
    return [(lost, {"collector": name}) for name, lost in tracing.lost.items()]
