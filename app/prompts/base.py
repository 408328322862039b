"""What the rest of the house knows of prompts: a registry hands out a set, and that set is fixed for one run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.core.brief import PromptSet
from app.core.experiment import Counts, Experiment, Exposure, Outcome
from app.core.feedback import Credit, Feedback, FeedbackRow
from app.core.principal import Principal
from app.core.promptlog import Pointer, PromptChange


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asks and about what: an experiment keeps to one way for each of them."""

    run_id: str = ""
    kb: str = ""
    conversation: str | None = None
    engineer: str = ""
    asset: str | None = None


NOBODY = Subject()


class Prompts(Protocol):
    def current(self, subject: Subject = NOBODY) -> PromptSet:
        """Cheap, never waits: the set that a run begun now would use."""
        ...


class Feedbacks(Protocol):
    """Whoever gives feedback twice on one run replaces the first."""

    async def add(self, principal: Principal, feedback: Feedback, credit: Credit) -> None:
        """Raises `NotFound` for a run that this principal may not see."""
        ...

    async def list(self, principal: Principal, kb: str) -> Sequence[FeedbackRow]:
        """What the principal said; for `admin` what anybody said."""
        ...


class PromptLog(Protocol):
    """Changing anything needs the scope `operate`; `who` of a change is always the principal."""

    async def point(self, principal: Principal, pointer: Pointer, change: PromptChange) -> None:
        """Move a label and write down who did, in one transaction."""
        ...

    async def note(self, principal: Principal, change: PromptChange) -> None: ...
    async def labels(self, principal: Principal) -> Sequence[Pointer]: ...
    async def changes(self, principal: Principal, name: str | None = None, limit: int = 100) -> Sequence[PromptChange]:
        """The newest first."""
        ...


class ExperimentLog(Protocol):
    async def keep(self, principal: Principal, experiment: Experiment) -> None: ...
    async def all(self, principal: Principal) -> Sequence[Experiment]: ...
    async def note(
        self, principal: Principal, kb: str, exposures: Sequence[Exposure], outcomes: Sequence[Outcome]
    ) -> None:
        """An exposure that is there already, and an outcome without exposure or told before, change nothing."""
        ...

    async def counts(self, principal: Principal, kb: str, experiment: str) -> Counts: ...
