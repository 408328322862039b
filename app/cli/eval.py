"""`rail-debug eval`: how good the answers and the retrieval are, on cases that say what is right."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, guarded, options, tell_json

if TYPE_CHECKING:
    from app.core.settings import Settings
    from app.services.evaluation import Evaluation, Regression

FILE = click.Path(path_type=Path)
THERE = click.Path(exists=True, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(name="eval")
def evaluate() -> None:
    """Measure answers or retrieval. Without --home a scratch home is made, with the sample shelf or --documents."""


def what(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--split", help="Only the cases of this split."),
        click.option("--documents", type=FOLDER, help="Folder to ingest; default: what the home holds."),
        click.option("--cases", type=THERE, required=True, help="JSONL file, one case a line."),
    ):
        command = option(command)
    return command


@evaluate.command()
@what
@click.option("--also", type=(THERE, FOLDER), multiple=True, help="Further cases, and the documents they are about.")
@click.option("--report", "folder", type=FILE, help="Folder for a Markdown report with plots.")
@click.option("--baseline", type=FILE, help="Stored figures to compare with.")
@click.option("--keep", is_flag=True, help="Store the figures in --baseline instead of comparing.")
@options
def answers(
    cases: Path,
    documents: Path | None,
    split: str | None,
    also: tuple[tuple[Path, Path], ...],
    folder: Path | None,
    baseline: Path | None,
    keep: bool,
    where: Where,
) -> None:
    """Ask every case, and hold the answers against what is right.

    Exit status: 1 when there were no cases or nothing but errors, 7 when a figure fell behind its baseline.
    """
    if keep and baseline is None:
        raise click.UsageError("--keep needs --baseline.")

    def work() -> int:
        from app.services import evaluation as services

        jobs = [services.Job(cases, documents, where.home, split)]
        jobs += [services.Job(file, own, where.home and where.home / file.stem, quoted=False) for file, own in also]
        made = [asyncio.run(services.answers(_settings(where), job)) for job in jobs]
        if folder is not None:
            services.write(folder, made)
        if keep and baseline is not None:
            for evaluation in made:
                services.keep(evaluation, baseline)
        worse = [r for e in made for r in services.compare(e, baseline)] if baseline is not None else []
        tell_answers(made, worse, where.as_json)
        return status(made, worse)

    sys.exit(guarded(work, where.as_json))


@evaluate.command()
@click.option("--cases", type=THERE, multiple=True, required=True, help="JSONL file, or a folder in BEIR form.")
@click.option("--also", type=(THERE, FOLDER), multiple=True, help="Further cases, and the documents they are about.")
@click.option("--documents", type=FOLDER, help="What --cases are about; default: what the home holds.")
@click.option("--split", help="Only the cases of this split.")
@click.option("--report", "folder", type=FILE, help="Folder for the table as Markdown.")
@options
def retrieval(
    cases: tuple[Path, ...],
    also: tuple[tuple[Path, Path], ...],
    documents: Path | None,
    split: str | None,
    folder: Path | None,
    where: Where,
) -> None:
    """Rank passages for every case, beside BM25, nearest vectors, and both joined by rank; one table of all sets.

    A --home keeps what was read: each further set gets a home of its own in it.
    """

    def work() -> int:
        from app.services import ranking as services

        home = where.home
        given = [(file, documents, home if n == 0 else home and home / file.stem) for n, file in enumerate(cases)]
        given += [(file, own, home and home / file.stem) for file, own in also]
        jobs = [services.Job(file, own, place, split) for file, own, place in given]
        made = [asyncio.run(services.retrieval(_settings(where), job)) for job in jobs]
        if folder is not None:
            services.write(folder, made)
        if where.as_json:
            tell_json({"rankings": made})
        else:
            click.echo("\n".join(services.lines(made)))
        return exits.FAILED if any(ranking.empty for ranking in made) else exits.ANSWERED

    sys.exit(guarded(work, where.as_json))


def _settings(where: Where) -> "Settings":
    from app.core.settings import load

    return load(home=where.home, kb=where.kb)


def status(made: "list[Evaluation]", worse: "list[Regression]") -> int:
    if any(evaluation.summary.empty for evaluation in made):
        return exits.FAILED
    return exits.REGRESSION if worse else exits.ANSWERED


def tell_answers(made: "list[Evaluation]", worse: "list[Regression]", as_json: bool) -> None:
    if as_json:
        tell_json({"evaluations": [told(evaluation) for evaluation in made], "regressions": worse})
        return
    for evaluation in made:
        show(evaluation)
    for lost in worse:
        was, now = f"{lost.was.hits}/{lost.was.n}", f"{lost.now.hits}/{lost.now.n}"
        click.secho(f"worse: {lost.measure} of {lost.split}: {was} before, {now} now", fg="red")


def told(evaluation: "Evaluation") -> dict[str, object]:
    """The rates with their shares and intervals worked out, for who reads the JSON."""
    from app.core.wire import to_data
    from app.services.evaluation import worked_out

    return {**to_data(evaluation), "rates": worked_out(evaluation)}


def show(evaluation: "Evaluation") -> None:
    from app.services.evaluation import lines

    for line in lines(evaluation):
        click.echo(line)
