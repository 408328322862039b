"""`rail-debug restore`: a home from a backup, checked whole before anything changes."""

import sys
from pathlib import Path

import click

from app.cli import exits
from app.cli.backup import HOME, JSON, tell
from app.cli.common import guarded


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="Put a home that is there aside, under another name.")
@HOME
@JSON
def restore(file: Path, replace: bool, home: Path | None, as_json: bool) -> None:
    """Make the home anew from the backup FILE."""

    def work() -> int:
        from app.core.settings import load
        from app.services.backup import restore

        tell(restore(load(home=home), file, replace=replace), "restored", file, as_json)
        return exits.ANSWERED

    sys.exit(guarded(work, as_json))
