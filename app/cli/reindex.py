"""`rail-debug reindex`: vectors of the embedder that is set, for every document; the one before answers until then."""

from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json

if TYPE_CHECKING:
    from app.services.hall import Services


@click.command()
@options
def reindex(where: Where) -> None:
    """Make what vectors are missing, and let them answer. A service does this by itself; stopped, it goes on later."""

    async def work(services: "Services") -> int:
        from rich.progress import Progress

        from app.cli.render import console

        with Progress(console=console(), transient=True, disable=where.as_json) as bar:
            task = bar.add_task("vectors", total=None)
            needed = await services.rebuild.alone(lambda made, total: bar.update(task, completed=made, total=total))
        model, made = services.health.encoder.model, services.rebuild.total
        if where.as_json:
            tell_json({"model": model, "texts": made, "needed": needed})
        else:
            click.echo(f"{model}: {made} texts" + ("" if needed else ", nothing to do"))
        return exits.ANSWERED

    run(work, where, answers=False)
