"""`rail-debug code`: is this a fault code, which one, where is it defined, and what is easily taken for it."""

from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json, words

if TYPE_CHECKING:
    from app.services.hall import Services


@click.command()
@click.argument("spelled", type=words)
@options
def code(spelled: str, where: Where) -> None:
    """Look a fault code up, in any spelling."""

    async def work(services: "Services") -> int:
        found = await services.lookup(spelled, services.settings.kb)
        if where.as_json:
            tell_json(found)
        else:
            from rich.text import Text

            from app.cli.render import console, told_code

            screen = console()
            if not found.codes:
                screen.print(Text(f"{spelled!r} has the form of no known fault-code grammar."))
            for fault_code in found.codes:
                screen.print(told_code(fault_code))
            for passage in found.defined_in:
                screen.print(
                    Text(f"  {passage.section}  {passage.source} rev {passage.revision or '-'}, line {passage.line}")
                )
        known = any(fault_code.known for fault_code in found.codes)
        return exits.ANSWERED if known else exits.UNKNOWN_CODE

    run(work, where, answers=False)
