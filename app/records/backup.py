"""A home as one file, taken while it serves: databases by SQLite's own copy of a snapshot, the rest as it lies."""

import hashlib
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from io import BytesIO
from pathlib import Path, PurePosixPath

from app.core.errors import Conflict, NotFound, RecordsUnavailable
from app.core.ids import now
from app.core.wire import to_json
from app.records.archive import MANIFEST, SETTINGS, Kept, Manifest, belongs, is_database

COUNTS = "SELECT (SELECT MAX(version) FROM schema_version), (SELECT COUNT(*) FROM documents WHERE deleted = 0), "
COUNTS += "(SELECT COUNT(*) FROM runs)"
PATIENCE = 30.0  # seconds that a copy waits for a database that is locked


def backup(home: Path, target: Path, release: str, settings: Path | None = None) -> Manifest:
    """`settings` is the file beside the home that travels with it. The target is whole or it is not there.

    Raises `Conflict` when the target is there, `NotFound` when the home holds no records, `RecordsUnavailable`.
    """
    if target.exists():
        raise Conflict(f"{target} is there already.", hint="Name another file: a backup is not written over.")
    if not (home / "records.db").is_file():
        raise NotFound(f"{home} is no home: there are no records.", hint="Name it with --home.")
    part = target.with_name(f"{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.absolute().parent) as folder:
            files = list(_staged(home, Path(folder), settings))
            manifest = _manifest(Path(folder), files, release)
            _write(Path(folder), part, manifest)
        part.replace(target)
        _sync(target.absolute().parent)
    except (OSError, sqlite3.Error, tarfile.TarError) as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise RecordsUnavailable(f"{target}: the backup could not be written: {error}.") from error
    return manifest


def _staged(home: Path, folder: Path, settings: Path | None) -> Iterator[Kept]:
    for path in sorted(home.rglob("*")):
        name = PurePosixPath(path.relative_to(home).as_posix())
        if path.is_symlink() or not path.is_file() or not belongs(name):
            continue
        with suppress(FileNotFoundError):  # a spooled pack that was taken meanwhile
            yield _stage(path, folder, name)
    if settings is not None and settings.is_file() and not (home / SETTINGS).exists():
        yield _stage(settings, folder, PurePosixPath(SETTINGS))


def _stage(path: Path, folder: Path, name: PurePosixPath) -> Kept:
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    if is_database(path):
        _snapshot(path, place)
    else:
        shutil.copyfile(path, place)
    with place.open("rb") as file:
        return Kept(str(name), place.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def _snapshot(path: Path, place: Path) -> None:
    """In one step, so that it is one state of the database; writers go on meanwhile."""
    with (
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=PATIENCE)) as source,
        closing(sqlite3.connect(place)) as copy,
    ):
        source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file; the log belongs to a database that is in use


def _manifest(folder: Path, files: list[Kept], release: str) -> Manifest:
    with closing(sqlite3.connect(folder / "records.db")) as records:
        schema, documents, runs = records.execute(COUNTS).fetchone()
    return Manifest(now(), release, schema, documents, runs, tuple(files))


def _write(folder: Path, part: Path, manifest: Manifest) -> None:
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as tar:
            told = to_json(manifest)
            tar.addfile(_member(MANIFEST, len(told)), BytesIO(told))
            for kept in manifest.files:
                with (folder / kept.path).open("rb") as source:
                    tar.addfile(_member(kept.path, kept.size), source)
        file.flush()
        os.fsync(file.fileno())


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
