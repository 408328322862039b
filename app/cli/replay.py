"""`rail-debug replay`: a kept run answered once more, from its own passages, and held against its record."""

from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json

if TYPE_CHECKING:
    from app.core.difference import Difference
    from app.services.hall import Services
    from app.services.replaying import Replay, Today

SHOWN = 10


@click.command()
@click.argument("run_ids", metavar="RUN...", nargs=-1, required=True)
@click.option("--retrieve", is_flag=True, help="Ask today's index too, and tell what it finds otherwise.")
@options
def replay(run_ids: tuple[str, ...], retrieve: bool, where: Where) -> None:
    """Answer runs again from the passages in their records. Exit status 0 when all are equal, 8 when one differs."""

    async def work(services: "Services") -> int:
        from app.core.principal import LOCAL
        from app.services.replaying import replay as once_more

        done = [await once_more(services, run_id, LOCAL, retrieve=retrieve) for run_id in run_ids]
        if where.as_json:
            tell_json({"replays": done})
        else:
            for each in done:
                show(each)
        return exits.ANSWERED if all(each.equal for each in done) else exits.DIFFERENT

    run(work, where, answers=retrieve)


def show(replayed: "Replay") -> None:
    click.echo(f"{replayed.run_id}  {'equal' if replayed.equal else 'different'}  {replayed.analyzer or 'no analyzer'}")
    for name in replayed.damaged:
        click.secho(f"  passage {name} is not the text that was found: the record was changed", fg="red")
    for change in replayed.changed:
        click.echo(f"  changed: {change.what}: {change.then or '-'} → {change.now or '-'}")
    listed(replayed.differences)
    if replayed.today:
        show_today(replayed.today)


def show_today(today: "Today") -> None:
    click.echo(
        f"  by the index of today, version {today.index_version}: {'the same' if today.equal else 'not the same'}"
    )
    for what, names in (("gone", today.gone), ("new", today.new), ("at another rank", today.moved)):
        if names:
            click.echo(f"    {what}: {' '.join(names)}")
    listed(today.differences, "    ")


def listed(differences: "tuple[Difference, ...]", indent: str = "  ") -> None:
    for each in differences[:SHOWN]:
        at = f"{each.place}, token {each.token}" if each.token else each.place
        click.echo(f"{indent}{at}: {each.then!r} → {each.now!r}")
    if len(differences) > SHOWN:
        click.echo(f"{indent}and {len(differences) - SHOWN} more")
