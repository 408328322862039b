"""`rail-debug gaps`: fault codes that were asked and are not known, and questions that found nothing."""

from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json

if TYPE_CHECKING:
    from app.services.hall import Services


@click.command()
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500), help="How many.")
@options
def gaps(limit: int, where: Where) -> None:
    """List what the documents lack, what was asked most first."""

    async def work(services: "Services") -> int:
        from datetime import datetime

        from app.core.principal import LOCAL

        found = await services.gaps.list(LOCAL, services.settings.kb, limit)
        if where.as_json:
            tell_json({"gaps": found})
        else:
            for gap in found:
                last = datetime.fromtimestamp(gap.last_asked).strftime("%Y-%m-%d %H:%M")
                click.echo(f"{gap.count:>5}  {last}  {gap.kind:<8}  {gap.what}")
        return exits.ANSWERED

    run(work, where, answers=False)
