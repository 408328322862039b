"""The shelf of models, from the shell: what is known by name, what is there, and how it comes and goes."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import exits
from app.cli.common import Where, guarded, options, tell_json

if TYPE_CHECKING:
    from app.core.settings import Settings
    from app.services.models import Held, Shelf


def doing(where: Where, work: "Callable[[Settings, Shelf], Any]", show: Callable[[Any], None]) -> None:
    def whole() -> int:
        from app.core.settings import load
        from app.core.wire import to_data
        from app.services.models import shelf

        settings = load(home=where.home, kb=where.kb)
        found = to_data(work(settings, shelf(settings)))
        if where.as_json:
            tell_json(found)
        else:
            show(found)
        damaged = isinstance(found, dict) and any(found.get("wrong", {}).values())
        return exits.FAILED if damaged else exits.ANSWERED

    sys.exit(guarded(whole, where.as_json))


@click.command(name="catalogue")
@options
def listing(where: Where) -> None:
    """List the models that are known by name, with size, licence and memory."""

    def work(settings: "Settings", shelf: "Shelf") -> object:
        from app.services.models import BITS, catalogue, terms

        return {
            "models": [
                {
                    "name": known.name,
                    "title": known.title,
                    "parameters": known.parameters,
                    "context": known.context,
                    "style": known.style,
                    "licence": known.licence,
                    "commercial": known.commercial,
                    "free": known.free,
                    "terms": terms(known),
                    "memory": {form: known.memory(form) for form in BITS},
                }
                for known in catalogue().values()
            ]
        }

    doing(where, work, show_catalogue)


@click.command(name="shelf")
@options
def there(where: Where) -> None:
    """List the models that are here, every version."""
    doing(where, lambda settings, shelf: {"models": shelf.all()}, show_all)


@click.command(name="show")
@click.argument("model")
@options
def showing(model: str, where: Where) -> None:
    """Show one model of the shelf: where it lies, its licence, its files with their checksums."""

    def work(settings: "Settings", shelf: "Shelf") -> object:
        held = shelf.find(model)
        return {"folder": str(shelf.place(held)), "model": held}

    def told(found: Any) -> None:
        show(found["model"])
        click.echo(f"    {found['folder']}\n    from {found['model']['source']}")
        for file in found["model"]["files"]:
            click.echo(f"    {file['sha256']}  {file['size']:>14,}  {file['path']}")

    doing(where, work, told)


@click.command()
@click.argument("source", default="")
@click.option("--name", default="", help="Name on the shelf; default: that of the file or the repository.")
@click.option("--version", "label", default="", help="Default: the beginning of its checksum, or the hub's revision.")
@click.option("--sha256", default="", help="Refuse the file when its checksum is another.")
@click.option("--licence", default="", help="Of a model that the catalogue does not know.")
@click.option("--accept-licence", "accepted", is_flag=True, help="You have read the licence and accept it.")
@options
def pull(source: str, name: str, label: str, sha256: str, licence: str, accepted: bool, where: Where) -> None:
    """Bring a model: a name of the catalogue (default: its first), a file or folder, an address, hub:owner/repo.

    What broke off goes on where it stopped when the same command is run again.
    """

    def work(settings: "Settings", shelf: "Shelf") -> object:
        from app.services.models import Wanted, catalogue, pull, terms, usual

        known = catalogue().get(source) if source else usual()
        if known:
            click.echo(f"{known.title}: {terms(known)}", err=True)
        wanted = Wanted(source, name, label, sha256, licence, accepted)
        return pull(shelf, wanted, online=settings.online, tell=progress)

    doing(where, work, show)


@click.command()
@click.argument("model", default="")
@options
def verify(model: str, where: Where) -> None:
    """Hold every file of a model, or of all, against its checksum."""

    def work(settings: "Settings", shelf: "Shelf") -> object:
        chosen = [shelf.find(model)] if model else shelf.all()
        return {"wrong": {held.label: shelf.wrong(held) for held in chosen}}

    def told(found: Any) -> None:
        for label, wrong in found["wrong"].items():
            click.secho(f"{label}: {'; '.join(wrong) or 'well'}", fg="red" if wrong else "green")

    doing(where, work, told)


@click.command()
@click.argument("model")
@options
def remove(model: str, where: Where) -> None:
    """Take a version of a model off the shelf."""

    def work(settings: "Settings", shelf: "Shelf") -> object:
        held = shelf.find(model)
        shelf.remove(held)
        return {"removed": held.label}

    doing(where, work, lambda found: click.echo(f"removed {found['removed']}"))


@click.group()
def bundle() -> None:
    """Models in one file, for a machine without a network."""


@bundle.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.argument("chosen", metavar="MODEL...", nargs=-1, required=True)
@options
def save(target: Path, chosen: tuple[str, ...], where: Where) -> None:
    """Write models into one file."""

    def work(settings: "Settings", shelf: "Shelf") -> object:
        from app.services.models import pack

        held = [shelf.find(model) for model in chosen]
        return {"bundle": str(pack(shelf, held, target)), "models": [model.label for model in held]}

    doing(where, work, lambda found: click.echo(f"{found['bundle']}: {', '.join(found['models'])}"))


@bundle.command(name="load")
@click.argument("source", type=click.Path(path_type=Path))
@options
def unpacking(source: Path, where: Where) -> None:
    """Take the models of a bundle onto the shelf."""

    def work(settings: "Settings", shelf: "Shelf") -> "dict[str, list[Held]]":
        from app.services.models import unpack

        return {"models": unpack(shelf, source)}

    doing(where, work, show_all)


def show(row: Any) -> None:
    size = sum(file["size"] for file in row["files"])
    click.echo(f"{row['name']}@{row['version']}  {size / 2**20:.1f} MiB  {row['licence']}  {row['digest'][:12]}")


def show_all(found: Any) -> None:
    for row in found["models"]:
        show(row)


def show_catalogue(found: Any) -> None:
    for row in found["models"]:
        memory = ", ".join(f"{form} {size / 2**30:.1f} GiB" for form, size in row["memory"].items())
        click.echo(f"{row['name']}  {row['parameters'] / 1e9:.1f} B  {memory}\n    {row['title']}: {row['terms']}")


def progress(there: int, total: int) -> None:
    if sys.stderr.isatty():
        whole = f" of {total / 2**20:.0f}" if total else ""
        click.echo(f"\r{there / 2**20:.0f}{whole} MiB", err=True, nl=False)


COMMANDS: tuple[click.Command, ...] = (listing, there, showing, pull, verify, remove, bundle)
