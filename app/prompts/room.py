"""Which prompt a run uses: the arm of an experiment, else what the label points to, else the file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from app.core.brief import Prompt
from app.core.errors import PromptError
from app.prompts.base import NOBODY, Subject
from app.prompts.contract import USE_CASES
from app.prompts.files import FileSet
from app.prompts.written import Written

FILE, LABEL = "file", "label:"
LATEST = "latest"  # whatever was written last; nobody points it anywhere
Find = Callable[[str], Written | None]


class Remote(Protocol):
    def get(self, name: str, label: str) -> Written | None:
        """Never waits."""
        ...

    def states(self) -> Mapping[str, str]:
        """`name:label` -> why it is not what it could be, empty when all is well."""
        ...


class Trials(Protocol):
    def prompt(self, use_case: str, subject: Subject, find: Find) -> Written | None:
        """The arm's prompt for this subject, noted as met; None when nothing is tried, or its prompt is not here."""
        ...


@dataclass(eq=False)
class PromptRoom:
    """Implements `base.Prompts`. `pointers` are local labels; they are replaced as a whole when one has moved."""

    files: FileSet
    label: str = "production"
    remote: Remote | None = None
    trials: Trials | None = None
    pointers: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if lacking := sorted(USE_CASES.keys() - self.files.prompts.keys()):
            raise PromptError(
                f"There is no prompt for {', '.join(lacking)}.", hint="Put the file back, or name a folder."
            )

    def current(self, subject: Subject = NOBODY) -> "RunPrompts":
        return RunPrompts(self, subject)

    def chosen(self, use_case: str, subject: Subject) -> Written:
        """Raises `PromptError` for a use case without a prompt."""
        fallback = self.files.written(use_case)
        tried = self.trials.prompt(use_case, subject, lambda use: self.find(use_case, use)) if self.trials else None
        return tried or self.find(use_case, LABEL + self.label) or fallback

    def troubles(self) -> dict[str, str]:
        """Labels that Langfuse does not give as they should be; the file or what was there last is used."""
        return {name: why for name, why in self.remote.states().items() if why} if self.remote else {}

    def find(self, use_case: str, use: str) -> Written | None:
        """`file`, the number of a local version, or `label:NAME`: of Langfuse first, then of the records."""
        if use == FILE:
            return self.files.prompts.get(use_case)
        if use.isdigit():
            return self.files.versions.get((use_case, int(use)))
        label = use.removeprefix(LABEL)
        if self.remote is not None and (found := self.remote.get(use_case, label)):
            return found
        if label == LATEST:
            return self.files.newest(use_case)
        pointed = self.pointers.get((use_case, label))
        return self.files.versions.get((use_case, pointed)) if pointed is not None else None


@dataclass(frozen=True)
class RunPrompts:
    """The set of one run: what was chosen once stays chosen until its end, whatever moves meanwhile."""

    room: PromptRoom
    subject: Subject
    _chosen: dict[str, Written] = field(default_factory=dict)

    def pick(self, use_case: str, family: str) -> Prompt:
        if use_case not in self._chosen:
            self._chosen[use_case] = self.room.chosen(use_case, self.subject)
        return self._chosen[use_case].variant(family)
