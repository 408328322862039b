"""Models in one file, for a machine without a network: a tar whose first entry tells every file and its checksum."""

import hashlib
import io
import shutil
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from app.analyzers.store.shelf import PIECE, File, Held, Shelf, inside, named
from app.core import ids
from app.core.errors import InvalidInput, ModelDamaged
from app.core.wire import from_json, to_json

LIST = "bundle.json"
LARGEST_LIST = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Contents:
    models: tuple[Held, ...]
    schema: int = 1


def pack(shelf: Shelf, models: Sequence[Held], target: Path) -> Path:
    """Raises `ModelDamaged` for a model that is no longer what its manifest says."""
    for held in models:
        if wrong := shelf.wrong(held):
            raise ModelDamaged(f"{held.label}: {'; '.join(wrong)}.")
    part = target.with_name(f"{target.name}.part")
    with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as tar:
        told = to_json(Contents(tuple(models)))
        entry = tarfile.TarInfo(LIST)
        entry.size = len(told)
        tar.addfile(entry, io.BytesIO(told))
        for held in models:
            for file in held.files:
                tar.add(shelf.place(held) / file.path, f"{held.name}/{held.version}/{file.path}", recursive=False)
    part.rename(target)
    return target


def unpack(shelf: Shelf, source: Path) -> list[Held]:
    """Nothing is taken from the tar but the files that its list tells, each held against size and checksum as it comes.

    Raises `ModelDamaged`; then no model of it stays.
    """
    staged = shelf.incoming / f"bundle-{ids.run_id()}"
    staged.mkdir(parents=True)
    try:
        contents = _unpack(source, staged)
        return [shelf.adopt(staged / held.name / held.version, held) for held in contents.models]
    except (tarfile.TarError, EOFError) as error:
        raise ModelDamaged(f"{source} is no whole bundle: {error}.") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _unpack(source: Path, staged: Path) -> Contents:
    try:
        tar = tarfile.open(source, "r|")  # noqa: SIM115  closed below
    except (OSError, tarfile.TarError) as error:
        raise InvalidInput(f"{source} cannot be read as a bundle: {error}.") from error
    with tar:
        contents = _contents(tar, source)
        waiting = {f"{h.name}/{h.version}/{inside(f.path)}": f for h in contents.models for f in h.files}
        while (entry := tar.next()) is not None:
            file = waiting.pop(entry.name, None)
            if file is None or not entry.isreg():
                raise ModelDamaged(f"{source}: {entry.name!r} is not on its list.")
            _copy(tar, entry, file, staged / entry.name)
    if waiting:
        raise ModelDamaged(f"{source}: {', '.join(sorted(waiting))} did not come.")
    return contents


def _contents(tar: tarfile.TarFile, source: Path) -> Contents:
    entry = tar.next()
    stream = tar.extractfile(entry) if entry and entry.name == LIST and entry.size <= LARGEST_LIST else None
    if stream is None:
        raise ModelDamaged(f"{source} does not begin with its list.")
    try:
        contents = from_json(Contents, stream.read())
    except ValidationError as error:
        raise ModelDamaged(f"{source}: its list cannot be read.") from error
    for held in contents.models:
        named(held.name)
        named(held.version)
    return contents


def _copy(tar: tarfile.TarFile, entry: tarfile.TarInfo, file: File, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    stream, digest = tar.extractfile(entry), hashlib.sha256()
    assert stream is not None  # a regular file
    with target.open("xb") as out:
        while piece := stream.read(PIECE):
            digest.update(piece)
            out.write(piece)
    if (target.stat().st_size, digest.hexdigest()) != (file.size, file.sha256):
        raise ModelDamaged(f"{entry.name} in the bundle is not what its list says.")
