"""`rail-debug runs`: what is kept of the answers that were given."""

from asyncio import to_thread
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json, words

if TYPE_CHECKING:
    from app.services.hall import Services


@click.group()
def runs() -> None:
    """Read and delete the records of runs."""


@runs.command()
@click.argument("run_id")
@click.option("--html", "page", type=click.Path(path_type=Path, dir_okay=False), help="Write the printable page here.")
@options
def show(run_id: str, page: Path | None, where: Where) -> None:
    """Print a run with its evidence pack as JSON, or write it as a page."""

    async def work(services: "Services") -> int:
        from app.core.principal import LOCAL

        row = await services.read_run(run_id, LOCAL)
        if page is None:
            tell_json(row)
        else:
            from app.services.page import rendered

            await to_thread(page.write_bytes, rendered(row).body)
            click.echo(str(page))
        return exits.ANSWERED

    run(work, where, answers=False)


@runs.command()
@click.argument("run_ids", metavar="RUN...", nargs=-1, required=True)
@click.option("--reason", default="", type=words, help="Why; it stands in the audit.")
@options
def delete(run_ids: tuple[str, ...], reason: str, where: Where) -> None:
    """Delete runs with their evidence packs, for good. The audit keeps that they were there, and who deleted them."""

    async def work(services: "Services") -> int:
        from app.core.principal import LOCAL

        for run_id in run_ids:
            await services.delete_run(run_id, LOCAL, reason)
            if not where.as_json:
                click.echo(f"deleted {run_id}")
        if where.as_json:
            tell_json({"deleted": run_ids})
        return exits.ANSWERED

    run(work, where, answers=False)


@runs.command()
@options
def sweep(where: Where) -> None:
    """Delete what is older than the settings keep it; a running service does so by itself."""

    async def work(services: "Services") -> int:
        swept = await services.sweep()
        if where.as_json:
            tell_json(swept)
        else:
            click.echo(f"deleted {swept.runs} runs, {swept.gaps} gaps, {swept.benchmarks} benchmark rounds")
        return exits.ANSWERED

    run(work, where, answers=False)
