"""`rail-debug models`: the analyzers of the service, and the shelf of models that they are made of."""

import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from app.cli import exits
from app.cli.common import Where, guarded, options, run, tell_json
from app.cli.shelf import COMMANDS

if TYPE_CHECKING:
    from app.services.hall import Services

Ask = Callable[["Services"], Awaitable[object]]


@click.group(name="models")
def models() -> None:
    """List, load, switch and qualify analyzers; pull, verify and bundle models.

    Where a service runs on this home, it is asked; else the verb does its work by itself.
    """


def at_service(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --url and --key and hands them over as one `door`."""

    @wraps(command)
    def packed(*, url: str | None, key: str | None, **own: Any) -> None:
        command(door=(url, key), **own)

    for option in (
        click.option("--key", envvar="RAIL_DEBUG_KEY", help="API key with the scope admin; or RAIL_DEBUG_KEY."),
        click.option("--url", help="Address of the service; default: the configured one."),
    ):
        packed = option(packed)
    return packed


Door = tuple[str | None, str | None]


def asked(where: Where, door: Door, way: tuple[str, str, object], own: Ask, show: Callable[[Any], None]) -> None:
    """By the service where there is one, else in a hall of our own; both tell the same object."""

    def by_service() -> Any:
        from app.cli.service import running
        from app.core.settings import load

        service = running(load(home=where.home, kb=where.kb), *door)
        return service.call(*way) if service else None

    told: list[Any] = []
    status = guarded(lambda: told.append(by_service()) or exits.ANSWERED, where.as_json)  # type: ignore[func-returns-value]
    if status != exits.ANSWERED:
        sys.exit(status)
    if told[0] is not None:
        tell(told[0], where, show)
        sys.exit(status_of(told[0]))

    async def work(services: "Services") -> int:
        from app.core.wire import to_data

        found = to_data(await own(services))
        tell(found, where, show)
        return status_of(found)

    run(work, where, answers=False)


def tell(found: Any, where: Where, show: Callable[[Any], None]) -> None:
    if where.as_json:
        tell_json(found)
    else:
        show(found)


def status_of(found: Any) -> int:
    return exits.REGRESSION if isinstance(found, dict) and found.get("why_not") else exits.ANSWERED


@models.command(name="list")
@at_service
@options
def listing(door: Door, where: Where) -> None:
    """List the configured analyzers: state, stage, memory."""

    async def own(services: "Services") -> object:
        from app.core.principal import LOCAL
        from app.services.models import report

        return await report(services, LOCAL)

    asked(where, door, ("GET", "/models", None), own, show_report)


@models.command()
@click.argument("name")
@at_service
@options
def load(name: str, door: Door, where: Where) -> None:
    """Load an analyzer; without a service, to see whether it can be."""

    async def own(services: "Services") -> object:
        from app.core.principal import LOCAL
        from app.services.models import load

        return await load(services, LOCAL, name)

    asked(where, door, ("POST", f"/models/{name}/load", None), own, show_model)


@models.command()
@click.argument("name")
@at_service
@options
def unload(name: str, door: Door, where: Where) -> None:
    """Unload an analyzer when its running answers have ended."""

    async def own(services: "Services") -> object:
        from app.core.principal import LOCAL
        from app.services.models import unload

        return await unload(services, LOCAL, name)

    asked(where, door, ("POST", f"/models/{name}/unload", None), own, show_model)


@models.command()
@click.argument("name")
@click.option("--reason", default="", help="Why one leads that is not qualified; it goes into the audit.")
@at_service
@options
def switch(name: str, reason: str, door: Door, where: Where) -> None:
    """Make another analyzer the active one, once it has answered a first question."""

    async def own(services: "Services") -> object:
        from app.core.principal import LOCAL
        from app.services.models import switch

        await services.analyzers.remember()
        return await switch(services, LOCAL, name, reason)

    way = ("POST", f"/model/switch/{name}", {"reason": reason})
    asked(where, door, way, own, lambda found: click.echo(f"{found['status']}: {found['active_model']}"))


@models.command()
@click.argument("name")
@click.option("--reason", default="", help="Qualify without asking; it goes into the audit as an override.")
@at_service
@options
def qualify(name: str, reason: str, door: Door, where: Where) -> None:
    """Ask the golden questions. Exit status 7 when it has not passed."""

    async def own(services: "Services") -> object:
        from app.core.principal import LOCAL
        from app.services.models import qualified

        await services.analyzers.remember()
        return await qualified(services, LOCAL, name, reason)

    asked(where, door, ("POST", f"/models/{name}/qualify", {"reason": reason}), own, show_exam)


@models.command()
@click.argument("name")
@click.argument("stage", type=click.Choice(["candidate", "shadow"]))
@at_service
@options
def stage(name: str, stage: str, door: Door, where: Where) -> None:
    """Let an analyzer answer in the shadow of the active one, or end that."""

    async def own(services: "Services") -> object:
        from app.core.principal import LOCAL
        from app.services.models import staged

        return await staged(services, LOCAL, name, stage)  # type: ignore[arg-type]  # click has checked it

    asked(where, door, ("POST", f"/models/{name}/stage", {"stage": stage}), own, show_model)


def show_report(found: Any) -> None:
    for row in found["models"]:
        show_model(row)
    memory = found["memory"]
    click.echo(f"memory: {gib(memory['held'])} of {gib(memory['budget'])} held, {gib(memory['free'])} free")
    if found["table_error"]:
        click.secho(found["table_error"], fg="red", err=True)


def show_model(row: Any) -> None:
    mark = "*" if row["active"] else " "
    size = gib(row["measured"]) if row["copies"] else gib(row["estimated"])
    click.echo(f"{mark} {row['name']}  {row['kind']}  {row['state']}  {row['stage']}  {size}  {row['label']}")
    if row["told"]:
        click.echo(f"    {row['told']}")


def show_exam(found: Any) -> None:
    if "passed" not in found and "measure" not in found:
        show_model(found)
        return
    interval = f"[{found['low']:.3f}, {found['high']:.3f}]"
    click.echo(
        f"{found['label']}: {found['measure']} {found['hits']}/{found['n']} {interval}, errors {found['errors']}"
    )
    good = not found["why_not"]
    click.secho("qualified" if good else f"not qualified: {found['why_not']}", fg="green" if good else "red")


def gib(size: Any) -> str:
    return f"{size['ram'] / 2**30:.2f} GiB" + (f" + {size['vram'] / 2**30:.2f} GiB VRAM" if size["vram"] else "")


for verb in COMMANDS:
    models.add_command(verb)
