"""`rail-debug bench`: all configured analyzers on the same questions, and which one is advised."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json

if TYPE_CHECKING:
    from app.services.benchmarking import Rate, Row, Summary
    from app.services.hall import Services

HEAD = ("analyzer", "status", "n", "p50 ms", "p95 ms", "first ms", "tok/s", "cost", "facts", "citations", "errors")


@click.command()
@click.option("--show", is_flag=True, help="Tell of the rounds there were, and begin none.")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="SVG file for the history.")
@options
def bench(show: bool, plot: Path | None, where: Where) -> None:
    """Compare the configured analyzers.

    Exit status: 1 when there was no question, nothing but errors, or no round yet.
    """

    async def work(services: "Services") -> int:
        if not show:
            await services.bench.run()
        summary = await services.bench.summary()
        if plot is not None:
            drawn = await services.bench.plot()
            await asyncio.to_thread(plot.write_text, drawn, encoding="utf-8")
        if where.as_json:
            tell_json(summary)
        else:
            tell(summary)
        return exits.ANSWERED if summary.status == "ok" else exits.FAILED

    run(work, where, answers=not show)


def tell(summary: "Summary") -> None:
    rows = [HEAD, *(_row(name, row) for name, row in summary.models.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for name, made in summary.models.items():
        if made.reason:
            click.echo(f"{name}: {made.reason}")
    click.echo(f"fastest: {summary.fastest_model or 'none'}; best: {summary.best_model or 'none'}")
    if summary.recommendation:
        verb = "change to" if summary.recommendation.change else "keep"
        click.echo(f"{verb} {summary.recommendation.analyzer}: {summary.recommendation.why}")
    if summary.status != "ok":
        click.secho(f"the newest round: {summary.status}", fg="red")


def _row(name: str, row: "Row") -> tuple[str, ...]:
    return (
        name,
        row.status,
        str(row.questions),
        *(_number(value) for value in (row.p50_latency_ms, row.p95_latency_ms, row.first_statement_ms)),
        _number(row.tokens_per_s),
        f"{row.cost:.4g} {row.currency}",
        _rate(row.fact_coverage),
        _rate(row.citation_validity),
        f"{row.errors.hits}/{row.errors.n}",
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _rate(rate: "Rate") -> str:
    return f"{rate.share:.2f} [{rate.low:.2f}, {rate.high:.2f}] n={rate.n}" if rate.n else "-"
