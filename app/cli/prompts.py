"""`rail-debug prompts`: what there is, how versions differ, what runs where, and who changed it."""

from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json, words

if TYPE_CHECKING:
    from app.services.hall import Services
    from app.services.prompts import Moved

WHICH = "A file's version, a stage (dev, staging, prod) or label:NAME; default: the file in use."


@click.group()
def prompts() -> None:
    """List, compare, push, pull and promote prompts; dev, staging and prod are latest, staging and production."""


@prompts.command(name="list")
@options
def listing(where: Where) -> None:
    """List prompts, what runs, and what each label points to."""

    async def work(services: "Services") -> int:
        from app.core.principal import LOCAL

        found = await services.prompts.list(LOCAL)
        if where.as_json:
            tell_json({"prompts": found})
            return exits.ANSWERED
        for prompt in found:
            labels = ", ".join(f"{label} {version}" for label, version in prompt.labels.items())
            there = f"files {', '.join(map(str, prompt.versions))}"
            remote = f"; Langfuse {', '.join(map(str, prompt.remote))}" if prompt.remote else ""
            click.echo(f"{prompt.name:<12}{prompt.used}  ({there}{remote}{f'; {labels}' if labels else ''})")
        return exits.ANSWERED

    run(work, where, answers=False)


@prompts.command()
@click.argument("name")
@click.option("--which", default="", help=WHICH)
@options
def show(name: str, which: str, where: Where) -> None:
    """Print a prompt as it is written."""

    async def work(services: "Services") -> int:
        from app.core.principal import LOCAL

        text = await services.prompts.read(LOCAL, name, which)
        if where.as_json:
            tell_json({"name": name, "which": which or "file", "text": text})
        else:
            click.echo(text, nl=False)
        return exits.ANSWERED

    run(work, where, answers=False)


@prompts.command()
@click.argument("name")
@click.argument("one")
@click.argument("other", default="")
@options
def diff(name: str, one: str, other: str, where: Where) -> None:
    """Show how version ONE differs from OTHER, by default from the file in use."""

    async def work(services: "Services") -> int:
        found = await services.prompts.diff(name, one, other)
        if where.as_json:
            tell_json({"name": name, "one": one, "other": other or "file", "diff": found})
        else:
            click.echo(found, nl=False)
        return exits.ANSWERED

    run(work, where, answers=False)


@prompts.command()
@click.argument("name")
@click.option("--which", default="", help=WHICH)
@click.option("--label", default="", help="Stage or label that the new version gets at once.")
@click.option("--note", default="", help="Why, for the audit and for Langfuse.")
@options
def push(name: str, which: str, label: str, note: str, where: Where) -> None:
    """Put a prompt into Langfuse as a new version, unless its newest one says the same."""

    async def work(services: "Services") -> int:
        from app.core.principal import LOCAL

        return moved(await services.prompts.push(name, which, label, words(note), LOCAL), where)

    run(work, where, answers=False)


@prompts.command()
@click.argument("name")
@click.option("--label", default="prod", show_default=True, help="Stage or label in Langfuse.")
@options
def pull(name: str, label: str, where: Where) -> None:
    """Write Langfuse's version to a file of the home, unless a file says the same."""

    async def work(services: "Services") -> int:
        from app.core.principal import LOCAL

        return moved(await services.prompts.pull(name, label, LOCAL), where)

    run(work, where, answers=False)


@prompts.command()
@click.argument("name")
@click.argument("version", type=click.IntRange(1))
@click.argument("label")
@click.option("--note", default="", help="Why, for the audit.")
@options
def promote(name: str, version: int, label: str, note: str, where: Where) -> None:
    """Point a stage or label to a version: of Langfuse where it is configured, else of a file."""

    async def work(services: "Services") -> int:
        from app.core.principal import LOCAL

        return moved(await services.prompts.promote(name, version, label, words(note), LOCAL), where)

    run(work, where, answers=False)


@prompts.command()
@click.argument("name")
@click.argument("label")
@click.option("--note", default="", help="Why, for the audit.")
@options
def rollback(name: str, label: str, note: str, where: Where) -> None:
    """Point a stage or label to where it pointed before its last move."""

    async def work(services: "Services") -> int:
        from app.core.principal import LOCAL

        return moved(await services.prompts.rollback(name, label, words(note), LOCAL), where)

    run(work, where, answers=False)


@prompts.command()
@click.argument("name", default="")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="How many.")
@options
def audit(name: str, limit: int, where: Where) -> None:
    """Tell who changed what and when, the newest first."""

    async def work(services: "Services") -> int:
        from datetime import datetime

        from app.core.principal import LOCAL

        found = await services.prompts.audit(LOCAL, name or None, limit)
        if where.as_json:
            tell_json({"changes": found})
            return exits.ANSWERED
        for change in found:
            at = datetime.fromtimestamp(change.at).strftime("%Y-%m-%d %H:%M")
            move = f"{change.label} {change.before or '-'} -> {change.after}".strip()
            click.echo(f"{at}  {change.who:<12}{change.action:<11}{change.name}  {move}  {change.note}".rstrip())
        return exits.ANSWERED

    run(work, where, answers=False)


@prompts.command()
@options
def experiments(where: Where) -> None:
    """Tell how experiments stand: differences hold however often you look."""

    async def work(services: "Services") -> int:
        from app.core.principal import LOCAL

        found = await services.experiments.standings(LOCAL)
        if where.as_json:
            tell_json({"experiments": found})
            return exits.ANSWERED
        for standing in found:
            click.echo(f"{standing.experiment.name}  {standing.decision}")
            for arm in standing.arms:
                click.echo(f"  {arm.name:<12}{arm.use:<16}{arm.exposed:>7} met")
            for v in standing.versus:
                interval = "" if v.low is None or v.high is None else f"{v.low:+.3f} to {v.high:+.3f}"
                told = f"{v.difference:+.3f}  {interval:<20}  n {v.n}/{v.minimum}  p {v.p:.3g}"
                click.echo(f"    {v.arm} {v.metric:<9} {v.verdict:<10} {told}")
        return exits.ANSWERED

    run(work, where, answers=False)


def moved(done: "Moved", where: Where) -> int:
    if where.as_json:
        tell_json(done)
    else:
        click.echo(done.told)
    return exits.ANSWERED
