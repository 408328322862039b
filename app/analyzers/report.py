"""What can be told of every configured analyzer: its state, its trust, its place in memory."""

from dataclasses import dataclass

from app.analyzers.memory import add
from app.analyzers.pool import Pool
from app.analyzers.seat import Seat
from app.analyzers.trust import Trust
from app.core.brief import Footprint
from app.core.errors import RailDebugError
from app.core.settings.analyzers import AnalyzerSpec


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    kind: str
    label: str
    state: str
    stage: str
    active: bool
    remote: bool
    context: int
    budget_s: float
    copies: int
    replicas: int
    leases: int
    estimated: Footprint
    measured: Footprint
    price: dict[str, object]
    told: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes: what analyzers may take, what they hold, what the machine has free."""

    budget: Footprint
    held: Footprint
    free: Footprint
    process: Footprint


@dataclass(frozen=True, slots=True)
class Report:
    active: str
    models: tuple[Model, ...]
    memory: Room
    fallback: tuple[str, ...] = ()
    table_error: str = ""


def model(seat: Seat, spec: AnalyzerSpec, active: str, trust: Trust) -> Model:
    """Reads the files of one that is not loaded, so it is called in a thread."""
    identity = seat.face.identity
    try:
        estimated = seat.face.footprint
        told = trust.told(identity)
    except RailDebugError as error:
        estimated, told = Footprint(), error.message
    return Model(
        name=seat.name,
        kind=spec.kind,
        label=identity.label,
        state=seat.told,
        stage=trust.stage(identity),
        active=seat.name == active,
        remote=identity.remote,
        context=identity.context,
        budget_s=seat.face.budget_s,
        copies=len(seat.copies),
        replicas=spec.replicas,
        leases=seat.leases,
        estimated=estimated,
        measured=add(*(copy.measured for copy in seat.copies)),
        price=spec.price.model_dump(),
        told=told,
    )


def room(pool: Pool) -> Room:
    return Room(pool.budget, pool.held, pool.memory.free(), pool.memory.resident())
