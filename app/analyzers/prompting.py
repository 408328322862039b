"""A brief becomes the messages of a chat model: its prompt rendered, its evidence fitted to the context."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from app.analyzers.fit import FRAME, fit, tokens
from app.core.brief import Brief, Prompt
from app.core.document import Passage
from app.core.errors import AnalyzerError, PromptError
from app.core.question import Question
from app.telemetry import spans

USE_CASE = "analyze"
T = TypeVar("T")


class Caps(Protocol):
    """What a row says of its model: the most that a caller may ask for, and what is asked otherwise."""

    @property
    def family(self) -> str: ...
    @property
    def context(self) -> int: ...
    @property
    def max_tokens(self) -> int: ...
    @property
    def temperature(self) -> float | None: ...
    @property
    def seed(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """`messages` are (role, text); `limit` is how many tokens the answer may have."""

    messages: tuple[tuple[str, str], ...]
    prompt: str
    limit: int
    dropped: tuple[str, ...] = ()
    temperature: float | None = None
    seed: int | None = None


def ask(brief: Brief, caps: Caps, count: Callable[[str], int] = tokens) -> Asked:
    """Raises `AnalyzerContextExceeded`, and `AnalyzerError` when the prompt cannot be rendered."""
    try:
        with spans.prompt() as span:
            asked = _ask(brief, caps, count)
            span.prompted(asked.prompt)
            span.asked(asked.messages)
            return asked
    except PromptError as error:
        raise AnalyzerError(f"The prompt cannot be used: {error.message}") from error


def _ask(brief: Brief, caps: Caps, count: Callable[[str], int]) -> Asked:
    prompt = prompt_of(brief, caps.family)
    limit = min(brief.options.max_tokens or prompt.options.max_tokens or caps.max_tokens, caps.max_tokens)
    room = caps.context - limit if caps.context else None
    kept, messages = _messages(brief, prompt, room, count)
    dropped = tuple(passage.id for passage in brief.evidence[len(kept) :])
    temperature = _first(brief.options.temperature, caps.temperature, prompt.options.temperature)
    seed = _first(brief.options.seed, caps.seed, prompt.options.seed)
    return Asked(messages, prompt.label, limit, dropped, temperature, seed)


def prompt_of(brief: Brief, family: str) -> Prompt:
    if brief.prompts is None:
        raise PromptError("the brief carries none")
    return brief.prompts.pick(USE_CASE, family)


def variables(brief: Brief) -> dict[str, object]:
    """All that a prompt may speak of."""
    return {
        "question": brief.question.text,
        "codes": brief.codes,
        "material": material(brief.question),
        "passages": brief.evidence,
        "history": brief.history,
    }


def material(question: Question) -> str:
    """What was handed in with the question, each piece under its name."""
    code = f"Code ({question.code.language}):\n{question.code.text}" if question.code else ""
    log = f"Log:\n{question.log}" if question.log else ""
    named = (f"{attachment.name}:\n{attachment.text}" for attachment in question.attachments)
    return "\n\n".join(piece for piece in (log, code, *named) if piece)


def _messages(
    brief: Brief, prompt: Prompt, room: int | None, count: Callable[[str], int]
) -> tuple[Sequence[Passage], tuple[tuple[str, str], ...]]:
    kept, turns = brief.evidence, brief.history
    said = variables(brief)
    if room is not None:
        bare = prompt.render(**{**said, "passages": (), "history": ()})
        fixed = sum(count(text) + FRAME for _, text in bare)
        kept, turns = fit(kept, turns, fixed, room, count)
    return kept, prompt.render(**{**said, "passages": kept, "history": turns})


def _first(*values: T | None) -> T | None:
    """The caller before the row, the row before the prompt; what nobody sets is left to the model."""
    return next((value for value in values if value is not None), None)
