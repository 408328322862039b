"""All that an analyzer may know, and all that it may say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from app.core.document import Passage
from app.core.question import Options, Question


class Prompt(Protocol):
    """One prompt in the variant of one model family. `render` is pure and is called once a question."""

    @property
    def label(self) -> str:
        """`name@version/variant`."""
        ...

    @property
    def options(self) -> Options:
        """What this prompt asks for where neither the caller nor the analyzer's row says anything."""
        ...

    def render(self, **variables: object) -> tuple[tuple[str, str], ...]:
        """-> ((role, text), …); raises `PromptError` when a variable is missing or unknown."""
        ...


class PromptSet(Protocol):
    def pick(self, use_case: str, family: str) -> Prompt:
        """The variant of this family, else the default; raises `PromptError` for an unknown use case."""
        ...


@dataclass(frozen=True, slots=True)
class Turn:
    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Brief:
    """An analyzer sees no request, no store and no prompt registry: only this.

    Statements cite `evidence` by its number, the first passage being 1. `deadline` is on `time.monotonic`'s clock.
    """

    question: Question
    evidence: tuple[Passage, ...] = ()
    codes: tuple[str, ...] = ()  # known fault codes of the question, canonical, the first one leads
    history: tuple[Turn, ...] = ()
    prompts: PromptSet | None = None
    schema: Mapping[str, object] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    deadline: float = float("inf")
    speak_by: float = float("inf")  # when the first word must be out; on the same clock
    scope: str = ""  # whose question it is: answers are kept apart by it


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers. `label` is `name@version#hash8`."""

    name: str
    version: str
    digest: str  # of the weights, or of the code and options where there are none
    family: str = "default"
    remote: bool = False
    context: int = 0  # tokens; 0 when there is no limit

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}#{self.digest[:8]}"


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes that a loaded analyzer takes of this machine; nothing when its model runs elsewhere."""

    ram: int = 0
    vram: int = 0


@dataclass(frozen=True, slots=True)
class Begin:
    """Always first. `dropped` are passage ids that did not fit; `reason` says why another analyzer was passed over.

    `seed` is the one that sampling began with, None where nothing is sampled or the server keeps it to itself.
    """

    identity: Identity
    prompt: str = ""
    dropped: tuple[str, ...] = ()
    reason: str = ""
    seed: int | None = None
    cached: bool = False  # the text was said before, to the same brief


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Restart:
    """All text so far is void; a `Begin` follows."""

    reason: str


@dataclass(frozen=True, slots=True)
class End:
    tokens_in: int = 0
    tokens_out: int = 0
    finish: str = "stop"
    cost: float = 0.0
    currency: str = "EUR"


Delta = Begin | Text | Restart | End
