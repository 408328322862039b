"""The shelf of models: each version in a folder of its own, with a manifest that tells every file's checksum."""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from app.core import ids
from app.core.errors import Conflict, InvalidInput, ModelDamaged, NotFound
from app.core.wire import from_json, to_json

MANIFEST = "model.json"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
PIECE = 2**20


@dataclass(frozen=True, slots=True)
class File:
    path: str  # within the model's folder
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Held:
    """A model that is there. `digest` is of all its files together."""

    name: str
    version: str
    source: str
    licence: str
    files: tuple[File, ...]
    digest: str
    commercial: str = "not stated"
    pulled_at: float = 0.0
    schema: int = 1

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is on its way stands in `.incoming`, and gets its place in one step, when it is whole."""

    folder: Path

    @property
    def incoming(self) -> Path:
        return self.folder / ".incoming"

    def all(self) -> list[Held]:
        manifests = sorted(self.folder.glob(f"[!.]*/[!.]*/{MANIFEST}")) if self.folder.is_dir() else []
        return sorted((_read(file) for file in manifests), key=lambda held: (held.name, held.pulled_at))

    def find(self, label: str) -> Held:
        """`name@version`, or a name for its newest version. Raises `NotFound`."""
        name, _, version = label.partition("@")
        found = [held for held in self.all() if held.name == name and version in ("", held.version)]
        if not found:
            raise NotFound(
                f"There is no model {label!r}.", hint="`rail-debug models shelf` lists those that are there."
            )
        return found[-1]

    def place(self, held: Held) -> Path:
        return self.folder / held.name / held.version

    def adopt(self, staged: Path, about: Held) -> Held:
        """Take in a whole folder. Raises `Conflict` when this version is there with other contents."""
        found = tuple(_files(staged))
        if not found:
            raise InvalidInput(f"{about.source} holds no file.")
        digest = digest_of(found)
        held = replace(about, files=found, digest=digest, version=about.version or digest[:12], pulled_at=ids.now())
        for part in (held.name, held.version):
            named(part)
        target = self.place(held)
        if target.exists():
            shutil.rmtree(staged)
            there = self.find(held.label)
            if there.digest != digest:
                raise Conflict(f"{held.label} is there with other contents.", hint="Give it another --version.")
            return there
        (staged / MANIFEST).write_bytes(to_json(held))
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.rename(target)
        return held

    def wrong(self, held: Held) -> list[str]:
        """What is not as the manifest says; nothing when all is well."""
        folder = self.place(held)
        there = {file.path: file for file in _files(folder)}
        expected = {file.path: file for file in held.files}
        missing = [f"{path}: missing" for path in sorted(expected.keys() - there.keys())]
        other = [f"{path}: other contents" for path, file in expected.items() if there.get(path, file) != file]
        return [*missing, *other, *(f"{path}: not in the manifest" for path in sorted(there.keys() - expected.keys()))]

    def remove(self, held: Held) -> None:
        """Its name is gone before its files are: what breaks off leaves no half of a model."""
        self.incoming.mkdir(parents=True, exist_ok=True)
        away = self.incoming / f"removed-{ids.run_id()}"
        self.place(held).rename(away)
        shutil.rmtree(away)
        parent = self.folder / held.name
        if not any(parent.iterdir()):
            parent.rmdir()


def named(text: str) -> str:
    if not NAME.fullmatch(text):
        raise InvalidInput(f"{text!r} is no name for a model or a version.", hint="Use letters, digits and . _ -.")
    return text


def inside(path: str) -> str:
    """Raises `ModelDamaged` for a path that would leave the model's folder."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or re.search(r"[\\:\0]", path) or parts == (MANIFEST,):
        raise ModelDamaged(f"{path!r} is no path within a model.")
    return path


def sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of(files: tuple[File, ...]) -> str:
    """One file is known by its own checksum, as its publisher tells it."""
    if len(files) == 1:
        return files[0].sha256
    return hashlib.sha256("\n".join(f"{file.sha256}  {file.path}" for file in files).encode()).hexdigest()


def _files(folder: Path) -> Iterator[File]:
    """Of links, what they point to is not part of a model."""
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(base) / name
            path = file.relative_to(folder).as_posix()
            if path != MANIFEST and not name.startswith(".") and file.is_file() and not file.is_symlink():
                yield File(path, file.stat().st_size, sha256(file))


def _read(file: Path) -> Held:
    try:
        return from_json(Held, file.read_bytes())
    except (ValidationError, OSError) as error:
        raise ModelDamaged(f"{file} is no manifest of a model.") from error
