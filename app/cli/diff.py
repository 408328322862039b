"""`rail-debug diff`: what became different between two revisions of a document, its numbers above all."""

from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json, words

if TYPE_CHECKING:
    from rich.console import Console

    from app.services.hall import Comparison, Services


@click.command()
@click.argument("document", type=words)
@click.argument("against", required=False, type=words)
@click.option("--numbers", is_flag=True, help="Only where a number moved.")
@options
def diff(document: str, against: str | None, numbers: bool, where: Where) -> None:
    """Compare DOCUMENT with AGAINST, by path or id; without it, with the revision that it replaced."""

    async def work(services: "Services") -> int:
        found = await services.compare(document, services.settings.kb, against)
        if where.as_json:
            tell_json(found)
        else:
            from app.cli.render import console

            show(found, numbers, console())
        return exits.ANSWERED

    run(work, where, answers=False)


def show(found: "Comparison", numbers: bool, screen: "Console") -> None:
    from rich.text import Text

    for sign, row in (("-", found.before), ("+", found.after)):
        screen.print(Text(f"{sign} {row.path} rev {row.revision or '-'}", style="bold"))
    shown = [change for change in found.changes if change.numbers or not numbers]
    for change in shown:
        place = f"line {change.after_line or change.before_line}"
        moved = ", ".join(f"{was or '-'} → {now or '-'}" for was, now in change.numbers)
        screen.print(Text(f"\n{place}  {change.kind}").append(f"  {moved}" if moved else "", style="bold yellow"))
        if change.before:
            screen.print(Text(f"- {change.before}", style="red"))
        if change.after:
            screen.print(Text(f"+ {change.after}", style="green"))
    screen.print(Text(f"\n{len(shown)} changes" if shown else "\nno change", style="dim"))
