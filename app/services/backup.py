"""Backup and restore of the configured home, with the settings file that stands where the command was called."""

from importlib.metadata import version
from pathlib import Path

from app.core.errors import InvalidInput
from app.core.settings import Settings
from app.records import backup as records
from app.records.archive import SETTINGS, Manifest
from app.records.restore import restore as put_back

__all__ = ["Manifest", "backup", "restore"]


def backup(settings: Settings, target: Path) -> Manifest:
    here(settings)
    return records.backup(settings.folder, target, version("rail-debug"), Path(SETTINGS))


def restore(settings: Settings, source: Path, *, replace: bool = False) -> Manifest:
    here(settings)
    return put_back(source, settings.folder, replace=replace)


def here(settings: Settings) -> None:
    """What Postgres holds is no part of the home: its own tools take it out and put it back."""
    if settings.database:
        raise InvalidInput(
            "The records are in Postgres, and a backup of the home would be without them.",
            hint="Use pg_dump and pg_restore, and copy the home's `spool` and `models` beside it.",
        )
