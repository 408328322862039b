"""A brief becomes the tokens of one model: fitted to its context by exact counts, or refused with them."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from app.analyzers.local.options import LocalOptions
from app.analyzers.openai.request import USE_CASE, material
from app.core.brief import Brief, Prompt
from app.core.errors import AnalyzerContextExceeded, AnalyzerError, PromptError

Messages = Sequence[tuple[str, str]]  # (role, text)
Encode = Callable[[Messages], list[int]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    tokens: list[int]
    prompt: str
    dropped: tuple[str, ...]
    limit: int
    temperature: float
    seed: int | None  # None: nothing is sampled


def build(brief: Brief, own: LocalOptions, encode: Encode, context: int) -> Request:
    """Raises `AnalyzerContextExceeded` with numbers, and `AnalyzerError` when the prompt cannot be rendered."""
    try:
        if brief.prompts is None:
            raise PromptError("the brief carries none")
        prompt = brief.prompts.pick(USE_CASE, own.family)
        limit = min(brief.options.max_tokens or prompt.options.max_tokens or own.max_tokens, own.max_tokens)
        tokens, kept = fitted(brief, prompt, encode, context - limit)
    except PromptError as error:
        raise AnalyzerError(f"The prompt cannot be used: {error.message}") from error
    temperature = first(brief.options.temperature, own.temperature, prompt.options.temperature) or 0.0
    seed = first(brief.options.seed, own.seed, prompt.options.seed) if temperature else None
    if temperature and seed is None:
        seed = secrets.randbelow(2**31)
    dropped = tuple(passage.id for passage in brief.evidence[kept:])
    return Request(tokens, prompt.label, dropped, limit, temperature, seed)


def fitted(brief: Brief, prompt: Prompt, encode: Encode, room: int) -> tuple[list[int], int]:
    """-> tokens, passages kept: passages from the best on, then turns from the newest back; at least one passage."""

    def rendered(passages: int, turns: int) -> list[int]:
        return encode(
            prompt.render(
                question=brief.question.text,
                codes=brief.codes,
                material=material(brief.question),
                passages=brief.evidence[:passages],
                history=brief.history[len(brief.history) - turns :],
            )
        )

    passages, turns = len(brief.evidence), len(brief.history)
    tokens = rendered(passages, turns)
    if len(tokens) <= room:
        return tokens, passages
    kept, tokens = most(passages, room, lambda n: rendered(n, 0))
    if len(tokens) > room or (passages and not kept):
        least = len(tokens) if len(tokens) > room else len(rendered(1, 0))
        what = "question and its best passage take" if passages else "question takes"
        raise AnalyzerContextExceeded(f"The {what} {least} tokens, and there is room for {room}.")
    _, tokens = most(turns, room, lambda n: rendered(kept, n), tokens)
    return tokens, kept


def most(
    upper: int, room: int, rendered: Callable[[int], list[int]], none: list[int] | None = None
) -> tuple[int, list[int]]:
    """The largest number that fits, by halving, and its tokens; what 0 gives when not even that does."""
    low, best = 0, none if none is not None else rendered(0)
    while low < upper:
        middle = (low + upper + 1) // 2
        tokens = rendered(middle)
        if len(tokens) <= room:
            low, best = middle, tokens
        else:
            upper = middle - 1
    return low, best


def first(*values: T | None) -> T | None:
    return next((value for value in values if value is not None), None)
