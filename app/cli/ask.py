"""`rail-debug ask`: a question from the shell, with a log from a file or from standard input."""

import sys
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json, words

if TYPE_CHECKING:
    from app.services.hall import Services


FILE = click.File(encoding="utf-8", errors="replace")


@click.command()
@click.argument("question", required=False, default="", type=words)
@click.option("--log", "log_file", type=FILE, help="Log; - is standard input.")
@click.option("--code", "code_file", type=FILE, help="Code fragment.")
@click.option("--vehicle-class", type=words, help="Class of the vehicle that failed.")
@click.option("--baseline", type=words, help="Software or document baseline of the asset.")
@click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="Day of the fault: the revision in force then answers.")
@click.option("--analyzer", help="Configured analyzer to ask; default: the active one.")
@options
def ask(
    question: str,
    log_file: IO[str] | None,
    code_file: IO[str] | None,
    vehicle_class: str | None,
    baseline: str | None,
    at: datetime | None,
    analyzer: str | None,
    where: Where,
) -> None:
    """Ask for a diagnosis. Without QUESTION, a log is read from standard input."""
    if log_file is None and not question and not sys.stdin.isatty():
        log_file = FILE.convert("-", None, None)
    log = log_file.read() if log_file else ""
    code = code_file.read() if code_file else ""

    async def work(services: "Services") -> int:
        from app.cli.render import print_diagnosis
        from app.core import question as q
        from app.core.principal import LOCAL

        asked = q.Question(
            text=question,
            log=log,
            code=q.CodeFragment(Path(code_file.name).suffix.lstrip("."), code) if code_file else None,
            asset=q.Asset(vehicle_class=vehicle_class, baseline=baseline),
            at=at.date() if at else None,
            kb=services.settings.kb,
            analyzer=analyzer,
        )
        diagnosis = await services.agent.ask(asked, LOCAL)
        if where.as_json:
            tell_json(diagnosis)
        else:
            print_diagnosis(diagnosis)
        return exits.OF_VERDICT[diagnosis.verdict]

    run(work, where)
