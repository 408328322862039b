"""`rail-debug code`: is this a fault code, which one, where is it defined, and what is easily taken for it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json, words

if TYPE_CHECKING:
    from app.services.hall import Services
    from app.services.learning import Lesson


class LookUpElse(click.Group):
    """What is none of its verbs is a code to be looked up."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["look-up", *args])


@click.group(
    cls=LookUpElse,
    context_settings={"ignore_unknown_options": True},
    subcommand_metavar="SPELLED | learn FILE --column NAME",
)
def code() -> None:
    """Look a fault code up, in any spelling; or learn how another vendor writes them."""


@code.command(hidden=True)
@click.argument("spelled", type=words)
@options
def look_up(spelled: str, where: Where) -> None:
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


@code.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--column", required=True, help="Name of the column that holds the codes.")
@click.option("--keep", is_flag=True, help="Add the grammar to your own: grammars.toml in the home.")
@options
def learn(file: Path, column: str, keep: bool, where: Where) -> None:
    """Propose a grammar from a fault table, and show what it would read in the documents you have."""

    async def work(services: "Services") -> int:
        from app.services.learning import learn

        lesson = await learn(services, file, column, keep=keep)
        if where.as_json:
            tell_json(lesson)
        else:
            for line in told(lesson):
                click.echo(line)
        return exits.ANSWERED

    run(work, where, answers=False)


def told(lesson: "Lesson") -> list[str]:
    """The table first, so that it can be copied; what is said about it are comments of TOML."""
    proposal = lesson.proposal
    lines = [proposal.toml] if proposal.toml else []
    lines.append(f"# {len(proposal.already)} of the column's codes are read without it, {len(proposal.read)} with it.")
    if proposal.unread:
        lines.append(f"# Not read with it either: {', '.join(proposal.unread)}")
    if proposal.grammars:
        places = f"{lesson.right} places of these codes and {lesson.wrong_places} of others"
        lines.append(f"# In the {lesson.documents} documents it would read {places}.")
    for sight in lesson.wrong:
        now = f", read as {sight.now} now" if sight.now else ""
        lines.append(f"#   {sight.source}, line {sight.line}: {sight.spelled!r} as {sight.code}{now}")
    if lesson.kept:
        lines.append(f"# Kept in {lesson.kept}. Ingest your documents again, so that their codes are found.")
    return lines
