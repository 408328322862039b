"""`rail-debug keys`: API keys, shown once and kept as a hash."""

from typing import TYPE_CHECKING

import click

from app.cli import exits
from app.cli.common import Where, options, run, tell_json

if TYPE_CHECKING:
    from app.services.hall import Services


@click.group()
def keys() -> None:
    """Create, list and revoke API keys. The first key ends keyless access from this machine."""


@keys.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, help="ask, ingest, approve, operate or admin; repeatable.")
@click.option("--grant", "grants", multiple=True, help="Knowledge base it may use; repeatable; default: all.")
@options
def create(name: str, scopes: tuple[str, ...], grants: tuple[str, ...], where: Where) -> None:
    """Make a key and print it: it is not shown again."""

    async def work(services: "Services") -> int:
        row, secret = await services.create_key(name, scopes or ("ask",), grants or None)
        if where.as_json:
            tell_json({"id": row.id, "name": row.name, "scopes": row.scopes, "key": secret})
        else:
            click.echo(secret)
        return exits.ANSWERED

    run(work, where, answers=False)


@keys.command(name="list")
@options
def listing(where: Where) -> None:
    """List keys; the secrets are not kept."""

    async def work(services: "Services") -> int:
        rows = await services.keys.all()
        if where.as_json:
            tell_json({"keys": rows})
        else:
            for row in rows:
                state = "revoked" if row.revoked_at else "valid"
                click.echo(f"{row.id}  {state}  {row.name}  {','.join(row.scopes)}  {','.join(row.kbs or ('*',))}")
        return exits.ANSWERED

    run(work, where, answers=False)


@keys.command()
@click.argument("key_id")
@options
def revoke(key_id: str, where: Where) -> None:
    """Revoke a key."""

    async def work(services: "Services") -> int:
        await services.keys.revoke(key_id)
        if where.as_json:
            tell_json({"revoked": key_id})
        else:
            click.echo(f"revoked {key_id}")
        return exits.ANSWERED

    run(work, where, answers=False)
