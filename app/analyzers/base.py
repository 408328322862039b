"""What an analyzer is: it loads, it streams an answer to a brief, it unloads."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from app.core.brief import Brief, Delta, Footprint, Identity
from app.core.question import Question
from app.core.standing import Choice, Entry, Standing


class Analyzer(Protocol):
    """`stream` is called by many tasks at once. It yields one `Begin`, `Text` as it comes, and one `End`;

    it raises only `AnalyzerError`s; closing the iterator frees its slot. The text is the JSON object of
    `receipts.draft.SCHEMA`, or prose, which is cut into statements all the same.
    """

    name: str

    @property
    def identity(self) -> Identity: ...

    @property
    def budget_s(self) -> float:
        """Seconds that one answer may take before another analyzer takes over."""
        ...

    @property
    def footprint(self) -> Footprint:
        """An estimate before `load`, from files and settings alone; never below what loading then takes."""
        ...

    def count(self, text: str) -> int:
        """Tokens of its own tokenizer; of a remote model an estimate that errs on the high side."""
        ...

    async def load(self) -> None: ...
    def stream(self, brief: Brief) -> AsyncIterator[Delta]: ...
    async def unload(self) -> None: ...


class Analyzers(Protocol):
    """The configured analyzers; what comes back already fails over to `evidence`."""

    @property
    def active(self) -> str: ...

    def pick(self, name: str | None) -> Analyzer:
        """None is the active one. Raises `UnknownAnalyzer` with the names there are."""
        ...

    def choose(self, question: Question) -> Analyzer:
        """The one it names, else the one that its route leads to, else the active one."""
        ...

    async def load(self) -> None: ...
    async def unload(self) -> None: ...

    def states(self) -> Mapping[str, str]:
        """name -> `ready`, `idle` (loaded when it is asked), `loading` or why it is not, for `/readyz` and `doctor`."""
        ...


class Standings(Protocol):
    """Where it is kept how far each analyzer is trusted, and which is active. Raises `RecordsUnavailable`."""

    async def all(self) -> Mapping[str, Standing]: ...
    async def put(self, standing: Standing, entry: Entry) -> None:
        """Both lines in one transaction."""
        ...

    async def tell(self, standing: Standing) -> None:
        """Figures of one that stands as it stood: no decision, and so no line in the audit."""
        ...

    async def chosen(self) -> Choice | None: ...
    async def choose(self, choice: Choice, entry: Entry) -> None: ...


class Agreement(Protocol):
    """How the processes of one service come to the same active analyzer."""

    async def read(self) -> Choice | None: ...
    async def announce(self, choice: Choice) -> None: ...
    def changes(self) -> AsyncIterator[Choice | None]:
        """The choice that holds, told at every look at it, the own one included; it never ends by itself."""
        ...

    async def close(self) -> None: ...
