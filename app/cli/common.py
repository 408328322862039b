"""What every verb shares: its options, the hall for as long as it runs, and one shape for errors."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import exits
from app.core.errors import RailDebugError

if TYPE_CHECKING:
    from app.core.settings import Settings
    from app.services.hall import Services

Work = Callable[["Services"], Awaitable[int]]


def words(value: str) -> str:
    """Text of the command line; what the shell sent and is no text becomes a question mark, as in a log."""
    return value.encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class Where:
    """The options that every verb takes."""

    home: Path | None
    kb: str | None
    as_json: bool


def options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --home, --kb and --json and hands them over as one `where`."""

    @wraps(command)
    def packed(*, home: Path | None, kb: str | None, as_json: bool, **own: Any) -> None:
        command(where=Where(home, kb, as_json), **own)

    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else."),
        click.option("--kb", help="Knowledge base; default: the configured one."),
        click.option("--home", type=click.Path(path_type=Path), help="Folder of the database; default ~/.rail-debug."),
    ):
        packed = option(packed)
    return packed


def run(work: Work, where: Where, *, answers: bool = True, **flags: Any) -> None:
    """Open the hall, do the work, close it, and leave with the work's status. `flags` win over every setting."""
    sys.exit(guarded(partial(_run, work, where, answers, flags), where.as_json))


def _run(work: Work, where: Where, answers: bool, flags: dict[str, Any]) -> int:
    from app.core.settings import load
    from app.core.settings.threads import one_each

    one_each()
    return asyncio.run(_inside(work, load(home=where.home, kb=where.kb, **flags), answers))


async def _inside(work: Work, settings: "Settings", answers: bool) -> int:
    from app.services.build import build

    async with build(settings, answers=answers) as services:
        return await work(services)


def guarded(work: Callable[[], int], as_json: bool) -> int:
    try:
        return work()
    except RailDebugError as error:
        tell_error(error, as_json)
        return exits.of_error(error)
    except KeyboardInterrupt:
        return 130


def tell_error(error: RailDebugError, as_json: bool) -> None:
    if as_json:
        from app.core.wire import to_json
        from app.gate.base import problem

        click.echo(to_json(problem(error)).decode())
    else:
        click.secho(f"rail-debug: {error.message}", err=True, fg="red")
        click.echo(f"  {error.hint}", err=True)


def tell_json(value: object) -> None:
    from app.core.wire import to_json

    click.echo(to_json(value).decode())
