"""`rail-debug backup`: the whole home in one file, also while it serves."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import guarded, tell_json

if TYPE_CHECKING:
    from app.services.backup import Manifest

HOME = click.option("--home", type=click.Path(path_type=Path), help="Folder of the database; default ~/.rail-debug.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@HOME
@JSON
def backup(file: Path, home: Path | None, as_json: bool) -> None:
    """Write documents, runs, keys, held steps and settings to FILE, which must not be there yet."""

    def work() -> int:
        from app.core.settings import load
        from app.services.backup import backup

        tell(backup(load(home=home), file), "backed up", file, as_json)
        return exits.ANSWERED

    sys.exit(guarded(work, as_json))


def tell(manifest: "Manifest", done: str, file: Path, as_json: bool) -> None:
    if as_json:
        tell_json(manifest)
        return
    size = manifest.size / 2**20
    click.echo(
        f"{done}: {manifest.documents} documents, {manifest.runs} runs, {len(manifest.files)} files ({size:.1f} MB)"
    )
    click.echo(f"  {file}, made by release {manifest.release}")
