"""Backup and restore of the configured home, with the settings file that stands where the command was called."""

from importlib.metadata import version
from pathlib import Path

from app.core.settings import Settings
from app.records import backup as records
from app.records.archive import SETTINGS, Manifest
from app.records.restore import restore as put_back

__all__ = ["Manifest", "backup", "restore"]


def backup(settings: Settings, target: Path) -> Manifest:
    return records.backup(settings.folder, target, version("rail-debug"), Path(SETTINGS))


def restore(settings: Settings, source: Path, *, replace: bool = False) -> Manifest:
    return put_back(source, settings.folder, replace=replace)
