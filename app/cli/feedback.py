"""`rail-debug feedback`: what people said of answers, as cases for evaluation and training."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json, words

if TYPE_CHECKING:
    from app.services.hall import Services


@click.group()
def feedback() -> None:
    """Give feedback on an answer, and export all of it."""


@feedback.command()
@click.argument("run_id")
@click.option("--thumbs", type=click.Choice(["up", "down"]), help="Was the answer right?")
@click.option("--cause", "corrected_cause", default="", help="What the cause really was.")
@click.option("--text", default="", help="Anything else.")
@click.option("--closed", "closed_case", is_flag=True, help="The case is closed.")
@options
def give(run_id: str, thumbs: str | None, corrected_cause: str, text: str, closed_case: bool, where: Where) -> None:
    """Say of one answer whether it was right."""

    async def work(services: "Services") -> int:
        from app.core.feedback import Feedback
        from app.core.principal import LOCAL

        said = Feedback(run_id, thumbs, words(corrected_cause), words(text), closed_case)  # type: ignore[arg-type]
        credit = await services.feedback.give(said, LOCAL)
        if where.as_json:
            tell_json({"run_id": run_id, "prompt": credit.prompt, "analyzer": credit.analyzer})
        return exits.ANSWERED

    run(work, where, answers=False)


@feedback.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, writable=True))
@options
def export(file: Path, where: Where) -> None:
    """Write all feedback to FILE, one evaluation case a line."""

    async def work(services: "Services") -> int:
        from asyncio import to_thread

        from app.core.principal import LOCAL

        lines = [line async for line in services.feedback.export(LOCAL, services.settings.kb)]
        await to_thread(file.write_text, "".join(f"{line}\n" for line in lines), encoding="utf-8")
        if where.as_json:
            tell_json({"file": str(file), "records": len(lines)})
        else:
            click.echo(f"{len(lines)} records in {file}")
        return exits.ANSWERED

    run(work, where, answers=False)
