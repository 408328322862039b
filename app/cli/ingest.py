"""`rail-debug ingest`: files and folders into a knowledge base, once or for as long as they change."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json

if TYPE_CHECKING:
    from rich.progress import Progress

    from app.services.hall import Outcome, Report, Services

SHOWN = 50  # vanished documents that are listed one by one


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--watch", is_flag=True, help="Stay, and take in what changes, until Ctrl-C.")
@click.option("--prune", is_flag=True, help="Remove documents of this folder whose file is gone.")
@options
def ingest(path: Path, watch: bool, prune: bool, where: Where) -> None:
    """Read a file or a folder. What is unchanged is left as it is; a file that is refused stops no other."""
    if watch and not path.is_dir():
        raise click.UsageError("--watch needs a folder.")

    async def work(services: "Services") -> int:
        with bar(quiet=where.as_json) as hear:
            kb = services.settings.kb
            report = await services.ingest(path, kb, progress=hear.one, expect=hear.all, prune=prune)
        tell(report, where)
        if watch:
            from app.cli.watch import follow

            await follow(services, path, lambda later: tell(later, where), prune=prune)
        return exits.REFUSED if report.count("refused") else exits.ANSWERED

    run(work, where, answers=False)


def tell(report: "Report", where: Where) -> None:
    if where.as_json:
        tell_json(report)
    else:
        show(report)


@dataclass
class Bar:
    """Draws on a terminal; elsewhere there is nothing to draw on."""

    drawn: "Progress | None" = None
    task: Any = None

    def all(self, files: int) -> None:
        if self.drawn:
            self.drawn.update(self.task, total=files)

    def one(self, outcome: "Outcome") -> None:
        if self.drawn:
            self.drawn.update(self.task, advance=1, description=outcome.path[-40:])


@contextmanager
def bar(*, quiet: bool) -> Iterator[Bar]:
    from rich.console import Console

    screen = Console(stderr=True)
    if quiet or not screen.is_terminal:
        yield Bar()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False)
    with Progress(*columns, console=screen, transient=True) as drawn:
        yield Bar(drawn, drawn.add_task("", total=None))


def show(report: "Report") -> None:
    from rich.text import Text

    from app.cli.render import console

    screen = console()
    for outcome in report.outcomes:
        place = f"{outcome.path}:{outcome.line}" if outcome.line else outcome.path
        if outcome.state == "refused":
            screen.print(Text(f"refused {place}: {outcome.reason}", style="red"))
        for warning in outcome.warnings:
            screen.print(Text(f"warning {place}: {warning}", style="yellow"))
    for path in report.vanished[:SHOWN]:
        screen.print(Text(f"gone {path}: its file is no longer in the folder", style="yellow"))
    if report.vanished:
        screen.print(f"{len(report.vanished)} documents have no file any more; --prune removes them")
    screen.print(summary(report))


def summary(report: "Report") -> str:
    chunks = sum(outcome.chunks for outcome in report.outcomes if outcome.state == "read")
    removed = f", removed {report.count('removed')}" if report.count("removed") else ""
    return (
        f"read {report.count('read')} ({chunks} chunks), unchanged {report.count('unchanged')}, "
        f"refused {report.count('refused')}{removed}; index version {report.index_version}"
    )
