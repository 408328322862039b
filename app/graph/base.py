"""What a door needs of the agent, and what the agent needs of the gate."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal, Protocol

from app.core.diagnosis import Diagnosis
from app.core.events import Event
from app.core.principal import Principal
from app.core.question import Question

Decision = Literal["approve", "reject"]
Route = Callable[[str, Question, Principal], str | None]  # run id … -> an analyzer, None: the active one
ApprovalOn = Callable[[], Awaitable[bool]]  # asked once a run, as it is accepted


class Agent(Protocol):
    async def ask(self, question: Question, principal: Principal) -> Diagnosis:
        """Run to the end; cancelling the caller's task cancels the run.

        Raises `InvalidInput`, `UnknownAnalyzer`, `Forbidden`. A record that cannot be written stops no answer.
        """
        ...

    async def start(self, question: Question, principal: Principal) -> str:
        """Accept the question and begin -> run id. Raises as `ask` does, before anything was begun."""
        ...

    def events(self, run_id: str, principal: Principal, after: int = 0) -> AsyncIterator[Event]:
        """Events with `seq > after`, those to come included, up to `answered` or `failed`. Raises `NotFound`.

        When its last reader has left, or none has come, a run lives on for the linger time and is then cancelled.
        """
        ...

    async def cancel(self, run_id: str, principal: Principal) -> None:
        """Raises `NotFound`; cancelling a run that has ended does nothing."""
        ...

    def forget(self, run_id: str) -> None:
        """Of a run that has ended and whose record is gone, its events go too."""
        ...

    async def decide(self, run_id: str, decision: Decision, reason: str, principal: Principal) -> Diagnosis:
        """Release or refuse the held steps of a run. Raises `NotFound`, `Forbidden`, `Conflict`."""
        ...
