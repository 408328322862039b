"""`rail-debug migrate`: a knowledge base from one store into another, counted and compared when it is there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json

if TYPE_CHECKING:
    from app.services.hall import Services
    from app.services.migration import Filling


@click.command()
@click.option("--from", "source", default="embedded", show_default=True, help="The store that answers now.")
@click.option("--to", "target", required=True, help="The store that shall answer.")
@options
def migrate(source: str, target: str, where: Where) -> None:
    """Fill another store from the records. Broken off, it goes on where it was; 0 when all is there and the same."""
    if source == target:
        raise click.UsageError("--from and --to name the same store.")

    async def work(services: "Services") -> int:
        from app.services.migration import carry

        with bar(quiet=where.as_json) as told:
            filling = await carry(services, source, told)
        if where.as_json:
            tell_json({"filling": filling, "verified": filling.good})
        else:
            show(filling, target)
        return exits.ANSWERED if filling.good else exits.FAILED

    run(work, where, answers=False, retrieval={"store": target, "replica": "none", "mode": "fused"})


def show(filling: "Filling", target: str) -> None:
    click.echo(
        f"knowledge base {filling.kb!r} at index version {filling.version}: {filling.documents} documents, "
        f"{filling.chunks} chunks; written {filling.written}, already there {filling.unchanged}, "
        f"swept {filling.swept}"
    )
    for reason in filling.failed:
        click.secho(f"refused: {reason}", fg="red", err=True)
    if filling.good:
        click.echo(f"verified: {filling.right} of {filling.chunks} by count and digest")
        click.echo(f"set RAIL_DEBUG_RETRIEVAL__STORE={target} and restart the service")
    else:
        found = f"{filling.found} rows are there, {filling.right} of {filling.chunks} are right"
        click.secho(f"not verified: {found}; run it again", fg="red", err=True)


@contextmanager
def bar(*, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Draws on a terminal; elsewhere there is nothing to draw on."""
    from rich.console import Console

    screen = Console(stderr=True)
    if quiet or not screen.is_terminal:
        yield lambda done, of: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    with Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=screen, transient=True) as drawn:
        task = drawn.add_task("", total=None)
        yield lambda done, of: drawn.update(task, completed=done, total=of)
