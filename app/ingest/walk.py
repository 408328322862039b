"""The files below a folder that may be read, in order; for the others, why not."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from app.core.errors import InvalidInput, NotFound
from app.ingest.base import Outcome

LONGEST_PATH = 512


@dataclass(frozen=True, slots=True)
class Found:
    """`path` is relative to the folder, with forward slashes; `file` is where it is read."""

    path: str
    file: Path
    size: int


def walk(root: Path, size_limit: int) -> Iterator[Found | Outcome]:
    """Hidden files and folders are passed over in silence; `root` may also be one file."""
    if not root.exists():
        raise NotFound(f"There is no folder {str(root)!r}.", hint="Check the path.")
    base = root.resolve()
    if base.is_file():
        yield _look(base.parent, base.name, size_limit)
        return
    unreadable: list[OSError] = []
    for folder, folders, files in os.walk(base, onerror=unreadable.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(folder).relative_to(base)
        for name in sorted(name for name in files if not name.startswith(".")):
            yield _look(base, (here / name).as_posix(), size_limit)
        for name in folders:
            if (base / here / name).is_symlink() and not (base / here / name).resolve().is_relative_to(base):
                yield _refused((here / name).as_posix(), "a link that leaves the folder is not followed")
    for error in unreadable:
        where = Path(error.filename).relative_to(base).as_posix()
        yield _refused(where, f"the folder cannot be opened: {error.strerror}")


def clean_path(path: str) -> str:
    """The path of an uploaded file, normalised. Raises `InvalidInput` for one that is not below a folder."""
    parts = PurePosixPath(path).parts
    bad = (
        not parts
        or len(path) > LONGEST_PATH
        or path.startswith("/")
        or "\\" in path
        or PureWindowsPath(path).drive
        or any(part == ".." or part.startswith(".") for part in parts)
        or not all(character.isprintable() for character in path)
    )
    if bad:
        raise InvalidInput(
            f"{path!a} is no path for a document.",
            hint="Use a relative path with forward slashes, without `..` and hidden names, such as brakes/e73.md.",
        )
    return "/".join(parts)


def _look(base: Path, path: str, size_limit: int) -> Found | Outcome:
    file = base / path
    try:
        path = clean_path(path)
        real = file.resolve(strict=True)
        status = real.stat()
    except InvalidInput as error:
        return _refused(ascii(path)[1:-1], error.message)
    except (OSError, RuntimeError):  # a dangling link, or a loop of them
        return _refused(path, "a link that leads nowhere")
    if not real.is_relative_to(base):
        return _refused(path, "a link that leaves the folder is not followed")
    if not stat.S_ISREG(status.st_mode):
        return _refused(path, "not a regular file")
    if status.st_size > size_limit:
        return _refused(path, too_large(status.st_size, size_limit))
    return Found(path, real, status.st_size)


def too_large(size: int, limit: int) -> str:
    return f"{size / 2**20:.1f} MiB is more than the limit of {limit / 2**20:.1f} MiB"


def _refused(path: str, reason: str) -> Outcome:
    return Outcome(path, "refused", reason=reason)
