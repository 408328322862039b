"""`rail-debug search`: what the retriever finds, and with --explain why."""

from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json, words

if TYPE_CHECKING:
    from app.services.hall import Retrieved, Services


@click.command()
@click.argument("text", type=words)
@click.option("-k", default=8, show_default=True, type=click.IntRange(1, 50), help="How many passages.")
@click.option("--explain", is_flag=True, help="Show each lane's share of the score.")
@options
def search(text: str, k: int, explain: bool, where: Where) -> None:
    """Search the documents."""

    async def work(services: "Services") -> int:
        found = await services.search(text, services.settings.kb, k)
        if where.as_json:
            tell_json(found)
        else:
            show(found, explain)
        return exits.ANSWERED if found.passages else exits.INSUFFICIENT

    run(work, where, answers=False)


def show(found: "Retrieved", explain: bool) -> None:
    from rich.text import Text

    from app.cli.render import console, told_code

    screen = console()
    for code in found.fault_codes:
        screen.print(told_code(code))
    for rank, passage in enumerate(found.passages, start=1):
        revision = f" rev {passage.revision}" if passage.revision else ""
        head = Text(f"{rank}. {passage.source}{revision}, line {passage.line}", style="bold")
        screen.print(head.append(f"  {passage.section}", style="not bold"))
        if explain:
            lanes = "  ".join(f"{lane} {share:.4f}" for lane, share in passage.why.items())
            defines = f"  defines {', '.join(passage.defines)}" if passage.defines else ""
            screen.print(Text(f"   score {passage.score:.4f}  {lanes}  role {passage.role}{defines}", style="cyan"))
        screen.print(Text("   " + " ".join(passage.text.split())[:240]))
    degraded = f"  degraded: {', '.join(found.degraded)}" if found.degraded else ""
    screen.print(Text(f"relevance {found.relevance:.2f}  index version {found.index_version}{degraded}", style="dim"))
