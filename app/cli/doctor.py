"""`rail-debug doctor`: what works here, what does not, and what to do about it."""

from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json

if TYPE_CHECKING:
    from app.services.hall import Services


@click.command()
@click.option("--offline", is_flag=True, help="Answer a question while every network call is refused.")
@options
def doctor(offline: bool, where: Where) -> None:
    """Check the installation."""
    if offline:
        from app.services.offline import refuse_network

        refuse_network()

    async def work(services: "Services") -> int:
        from app.services.checkup import checkup

        findings = await checkup(services)
        if where.as_json:
            tell_json({"findings": findings})
        else:
            for finding in findings:
                click.secho("ok   " if finding.good else "FAIL ", nl=False, fg="green" if finding.good else "red")
                click.echo(f"{finding.what}: {finding.told}")
        return exits.ANSWERED if all(finding.good for finding in findings) else exits.FAILED

    run(work, where)
