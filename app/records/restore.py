"""A backup becomes a home again: checked whole beside its place, then put there in one step."""

import hashlib
import os
import shutil
import sqlite3
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from app.core.errors import Conflict, InvalidBackup, NotFound, RecordsUnavailable
from app.core.wire import from_json
from app.records.archive import FORMAT, LONGEST, MANIFEST, VERSION, Kept, Manifest, is_database, plain
from app.records.lock import FileLock
from app.records.migrations import STEPS

BLOCK = 2**20
BROKEN = (tarfile.TarError, EOFError, zlib.error, ValueError)


def restore(source: Path, home: Path, *, replace: bool = False) -> Manifest:
    """Nothing of the home changes unless all of the backup is right.

    With `replace` a home that is there is kept beside it under another name. Raises `InvalidBackup`, `NotFound`,
    `Conflict` for a home that is not empty or whose service runs, `RecordsUnavailable`.
    """
    if not source.is_file():
        raise NotFound(f"There is no file {source}.")
    home = home.absolute()
    if _occupied(home) and not replace:
        raise Conflict(f"{home} is not empty.", hint="Name another home, or say --replace; the old one is kept aside.")
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{home.name}-", dir=home.parent) as folder:
            manifest = _unpack(source, Path(folder) / "home")
            _put(Path(folder) / "home", home)
    except OSError as error:
        raise RecordsUnavailable(f"{home}: the backup could not be restored: {error}.") from error
    return manifest


def _unpack(source: Path, place: Path) -> Manifest:
    place.mkdir(mode=0o700)
    with _read(source) as tar:
        manifest = _manifest(tar)
        missing = {file.path: file for file in manifest.files}
        while (member := tar.next()) is not None:
            kept = missing.pop(member.name, None)
            if kept is None or not member.isreg() or not plain(member.name):
                raise InvalidBackup(f"{source.name} holds {member.name!r}, which its list does not.")
            _extract(tar, member, kept, place / kept.path)
    if missing:
        raise InvalidBackup(f"{source.name} is not whole: {min(missing)!r} is missing.")
    _must_be_sound(place)
    return manifest


@contextmanager
def _read(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, mode="r|gz") as tar:
            yield tar
    except BROKEN as error:
        raise InvalidBackup(f"{source.name} cannot be read: {error}.") from error


def _manifest(tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    if first is None or first.name != MANIFEST or not first.isreg() or first.size > LONGEST:
        raise InvalidBackup("This is no backup of Rail Debug: it does not begin with its list of files.")
    manifest = from_json(Manifest, _opened(tar, first).read(LONGEST))
    if manifest.format != FORMAT:
        raise InvalidBackup("This is no backup of Rail Debug.")
    if manifest.version > VERSION or manifest.schema > len(STEPS):
        raise InvalidBackup(
            f"The backup was made by a newer release ({manifest.release}).", hint="Update rail-debug, then restore."
        )
    if odd := [file.path for file in manifest.files if not plain(file.path)]:
        raise InvalidBackup(f"The backup names {odd[0]!r}, which is no place in a home.")
    return manifest


def _opened(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(member)
    if file is None:
        raise InvalidBackup(f"{member.name!r} is no file.")
    return file


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, kept: Kept, place: Path) -> None:
    """Written and checked block by block; a member is never larger than the list says."""
    if member.size != kept.size:
        raise InvalidBackup(f"{kept.path!r} has another size than the list says.")
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, source = hashlib.sha256(), _opened(tar, member)
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        while block := source.read(BLOCK):
            digest.update(block)
            target.write(block)
        target.flush()
        os.fsync(target.fileno())
    if digest.hexdigest() != kept.sha256:
        raise InvalidBackup(f"{kept.path!r} has other contents than the list says.")


def _must_be_sound(place: Path) -> None:
    for path in sorted(place.rglob("*")):
        if path.is_file() and is_database(path):
            try:
                with closing(sqlite3.connect(path)) as database:
                    (told,) = database.execute("PRAGMA quick_check(1)").fetchone()
            except sqlite3.DatabaseError as error:
                told = str(error)
            if told != "ok":
                raise InvalidBackup(f"{path.name} is a damaged database: {told}.")
    if not (place / "records.db").is_file():
        raise InvalidBackup("The backup holds no records.")


def _occupied(home: Path) -> bool:
    return home.exists() and (not home.is_dir() or any(home.iterdir()))


def _put(place: Path, home: Path) -> None:
    """Two renames; between them a crash leaves the old home under its new name and the checked one beside it."""
    if not home.exists():
        place.rename(home)
    elif not _occupied(home):
        home.rmdir()
        place.rename(home)
    else:
        _exchange(place, home)
    handle = os.open(home.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _exchange(place: Path, home: Path) -> None:
    aside = home.with_name(f"{home.name}.before-{time.strftime('%Y%m%d-%H%M%S')}")
    service = FileLock(home / "service.lock")
    service.take()  # of a home that is served nothing is taken away
    try:
        if (home / "weights").is_dir():  # fetched once, and in no backup
            shutil.copytree(home / "weights", place / "weights")
        home.rename(aside)
        try:
            place.rename(home)
        except OSError:
            aside.rename(home)
            raise
    finally:
        service.release()
