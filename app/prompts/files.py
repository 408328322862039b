"""Prompts as files: the shipped ones, and further versions beside them or in the home, each read once and checked."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.core.errors import NotFound, PromptError
from app.prompts.base import NOBODY, Subject
from app.prompts.front import read, wrong
from app.prompts.written import Variant, Written, write

INSTALLED = Path(__file__).with_name("files")  # in the wheel
CHECKOUT = Path(__file__).parents[2] / "prompts"
VERSIONED = re.compile(r"(?P<name>.+)@(?P<version>[1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class FileSet:
    """Use case -> the prompt in use; and every other version that there is as a file."""

    prompts: Mapping[str, Written] = field(default_factory=dict)
    versions: Mapping[tuple[str, int], Written] = field(default_factory=dict)

    def pick(self, use_case: str, family: str) -> Variant:
        return self.written(use_case).variant(family)

    def written(self, use_case: str) -> Written:
        found = self.prompts.get(use_case)
        if found is None:
            raise PromptError(f"There is no prompt for {use_case!r}; there are {', '.join(sorted(self.prompts))}.")
        return found

    def newest(self, use_case: str) -> Written | None:
        """What the label `latest` means where nobody else says it."""
        numbers = [number for name, number in self.versions if name == use_case]
        return self.versions[use_case, max(numbers)] if numbers else None

    def version(self, use_case: str, number: int) -> Written:
        """Raises `NotFound` with the versions there are."""
        found = self.versions.get((use_case, number))
        if found is None:
            there = ", ".join(str(version) for name, version in sorted(self.versions) if name == use_case) or "none"
            raise NotFound(f"There is no version {number} of {use_case!r} as a file; there are: {there}.")
        return found


class FilePrompts:
    """Reads its folders at `load`; `current` loads when that was not done, and costs nothing afterwards.

    `NAME.md` is in use unless a label says otherwise; `NAME@2.md` is a version that waits for one.
    """

    def __init__(self, folder: Path | None = None, own: Path | None = None, style: str = "structured") -> None:
        self.folder = folder or (INSTALLED if INSTALLED.is_dir() else CHECKOUT)
        self.own = own
        self.style = style
        self._set: FileSet | None = None

    def load(self) -> FileSet:
        """Raises `PromptError` for the first file that is wrong, with its line."""
        current: dict[str, Written] = {}
        versions: dict[tuple[str, int], Written] = {}
        for path in self._files():
            written = write(path.name, read(path), style=self.style)
            waits = VERSIONED.fullmatch(path.stem)
            if waits and (waits["name"], int(waits["version"])) != (written.name, written.version):
                raise wrong(path.name, 2, f"by its front matter it is {written.name}@{written.version}")
            if not waits and written.name in current:
                raise wrong(path.name, 2, f"another file already has the name {written.name!r}")
            if (written.name, written.version) in versions:
                raise wrong(path.name, 2, f"another file already is {written.name}@{written.version}")
            versions[written.name, written.version] = written
            if not waits:
                current[written.name] = written
        if not current:
            raise PromptError(f"There are no prompts in {self.folder}.")
        self._set = FileSet(current, versions)
        return self._set

    def current(self, subject: Subject = NOBODY) -> FileSet:
        """The files of everybody: whoever asks gets the same."""
        return self._set or self.load()

    def seal(self) -> tuple[tuple[str, int, int], ...]:
        """Changes when a file of either folder has come, gone or changed. Touches the disk."""
        found = [(path, path.stat()) for path in self._files()]
        return tuple((str(path), state.st_mtime_ns, state.st_size) for path, state in found)

    def _files(self) -> Iterator[Path]:
        yield from sorted(self.folder.glob("*.md"))
        if self.own is not None and self.own.is_dir():
            yield from sorted(self.own.glob("*@*.md"))
