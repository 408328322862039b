"""A brief becomes the body of a request."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.analyzers.fit import FRAME, fit, tokens
from app.analyzers.openai.settings import OpenAIOptions
from app.core.brief import Brief, Prompt
from app.core.document import Passage
from app.core.errors import AnalyzerError, PromptError
from app.core.question import Question

USE_CASE = "analyze"


@dataclass(frozen=True, slots=True)
class Request:
    body: dict[str, object]
    prompt: str
    dropped: tuple[str, ...] = ()


def build(brief: Brief, options: OpenAIOptions) -> Request:
    """Raises `AnalyzerContextExceeded`, and `AnalyzerError` when the prompt cannot be rendered."""
    try:
        prompt = _prompt(brief, options.family)
        limit = min(brief.options.max_tokens or prompt.options.max_tokens or options.max_tokens, options.max_tokens)
        kept, messages = _messages(brief, prompt, options.context - limit if options.context else 0)
    except PromptError as error:
        raise AnalyzerError(f"The prompt cannot be used: {error.message}") from error
    body: dict[str, object] = {
        "model": options.model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        options.limit_field: limit,
        **_sampling(brief, prompt, options),
        **options.extra,
    }
    body = {key: value for key, value in body.items() if key not in options.omit}
    return Request(body, prompt.label, tuple(passage.id for passage in brief.evidence[len(kept) :]))


def _prompt(brief: Brief, family: str) -> Prompt:
    if brief.prompts is None:
        raise PromptError("the brief carries none")
    return brief.prompts.pick(USE_CASE, family)


def _messages(brief: Brief, prompt: Prompt, room: int) -> tuple[Sequence[Passage], list[dict[str, str]]]:
    kept, turns = brief.evidence, brief.history
    said = {
        "question": brief.question.text,
        "codes": brief.codes,
        "material": material(brief.question),
    }
    if room:
        bare = prompt.render(**said, passages=(), history=())
        fixed = sum(tokens(text) + FRAME for _, text in bare)
        kept, turns = fit(kept, turns, fixed, room)
    rendered = prompt.render(**said, passages=kept, history=turns)
    return kept, [{"role": role, "content": text} for role, text in rendered]


def material(question: Question) -> str:
    """What was handed in with the question, each piece under its name."""
    code = f"Code ({question.code.language}):\n{question.code.text}" if question.code else ""
    log = f"Log:\n{question.log}" if question.log else ""
    named = (f"{attachment.name}:\n{attachment.text}" for attachment in question.attachments)
    return "\n\n".join(piece for piece in (log, code, *named) if piece)


def _sampling(brief: Brief, prompt: Prompt, options: OpenAIOptions) -> dict[str, object]:
    """The caller before the row, the row before the prompt; what nobody sets is left to the server."""
    asked = {
        name: next(
            (v for v in (getattr(by, name) for by in (brief.options, options, prompt.options)) if v is not None), None
        )
        for name in ("temperature", "seed")
    }
    return {name: value for name, value in asked.items() if value is not None}
