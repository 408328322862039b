"""`rail-debug forget`: documents out of a knowledge base, by path, by id or by folder."""

from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json, words

if TYPE_CHECKING:
    from app.services.hall import Services


@click.command()
@click.argument("paths", nargs=-1, required=True, type=words)
@options
def forget(paths: tuple[str, ...], where: Where) -> None:
    """Remove the documents at these PATHS, as `ingest` told them; of a folder, all below it. The files stay."""

    async def work(services: "Services") -> int:
        from app.cli.ingest import show

        report = await services.forget(paths, services.settings.kb)
        if where.as_json:
            tell_json(report)
        else:
            show(report)
        return exits.WRONG_INPUT if report.count("refused") else exits.ANSWERED

    run(work, where, answers=False)
