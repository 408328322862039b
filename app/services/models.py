"""Models and the analyzers made of them, as the doors see them: the shelf of files, and who may change what serves."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.analyzers.manager import Manager
from app.analyzers.report import Model, Report
from app.analyzers.store.bundle import pack, unpack
from app.analyzers.store.catalogue import BITS, Known, catalogue, usual
from app.analyzers.store.download import Tell
from app.analyzers.store.pull import Wanted, pull, terms
from app.analyzers.store.shelf import Held, Shelf
from app.core.errors import Conflict, NotFound
from app.core.principal import Principal
from app.core.settings import Settings
from app.core.standing import Stage
from app.records.lock import FileLock
from app.services.hall import Services
from app.services.qualification import Exam, override, qualify

__all__ = ["BITS", "Exam", "Held", "Known", "Model", "Report", "Shelf", "Tell", "Wanted", "catalogue", "pack", "pull"]
__all__ += ["Switched", "load", "one", "qualified", "report", "served", "shelf", "staged", "switch", "terms"]
__all__ += ["unload", "unpack", "usual"]


@dataclass(frozen=True, slots=True)
class Switched:
    status: str
    active_model: str


def shelf(settings: Settings) -> Shelf:
    return Shelf(settings.folder / "models")


def served(settings: Settings) -> bool:
    """Whether a service runs on this home, which then is the one to be asked."""
    lock = FileLock(settings.folder / "service.lock")
    if not settings.folder.is_dir():
        return False
    try:
        lock.take()
    except Conflict:
        return True
    lock.release()
    return False


async def report(services: Services, caller: Principal) -> Report:
    caller.must("ask")
    return await services.analyzers.report()


async def one(services: Services, caller: Principal, name: str) -> Model:
    services.analyzers.seat(name)
    return _named(await report(services, caller), name)


async def switch(services: Services, caller: Principal, name: str, reason: str = "") -> Switched:
    caller.must("admin")
    return Switched("switched", await services.analyzers.switch(name, caller.name, reason))


async def load(services: Services, caller: Principal, name: str) -> Model:
    caller.must("admin")
    await services.analyzers.load_one(name)
    return await one(services, caller, name)


async def unload(services: Services, caller: Principal, name: str) -> Model:
    caller.must("admin")
    await services.analyzers.unload_one(name)
    return await one(services, caller, name)


async def qualified(services: Services, caller: Principal, name: str, reason: str = "") -> Exam | Model:
    """By the golden questions; with a reason instead of them, as an override that the audit keeps."""
    caller.must("admin")
    manager: Manager = services.analyzers
    if reason:
        await override(manager, name, caller.name, reason)
        return await one(services, caller, name)
    return await qualify(services.settings, manager, name, caller.name, services.health.encoder.embedder)


async def staged(services: Services, caller: Principal, name: str, stage: Stage) -> Model:
    """To `shadow` or back to `candidate`; what qualifies has a verb of its own."""
    caller.must("admin")
    if stage == "qualified":
        raise Conflict("Only an exam or a reason makes an analyzer qualified.", hint="Use `qualify`.")
    await services.analyzers.stage(name, stage, caller.name)
    return await one(services, caller, name)


def _named(found: Report, name: str) -> Model:
    rows: Sequence[Model] = [row for row in found.models if row.name == name]
    if not rows:
        raise NotFound(f"There is no analyzer {name!r}.")
    return rows[0]
