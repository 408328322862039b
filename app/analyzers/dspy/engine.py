"""Another analyzer as DSPy's language model: its messages go in as a prompt that is rendered already."""

from dataclasses import dataclass, field, replace
from typing import Any

from dspy import lm15

from app.analyzers.base import Analyzer
from app.analyzers.closing import closing
from app.core.brief import Begin, Brief, End, Prompt, Restart, Text
from app.core.errors import AnalyzerError
from app.core.question import Options


@dataclass(frozen=True, slots=True)
class Rendered:
    """Prompt and set of prompts in one: whatever is asked for, these messages are it."""

    label: str
    messages: tuple[tuple[str, str], ...]
    options: Options = field(default_factory=Options)

    def pick(self, use_case: str, family: str) -> Prompt:
        return self

    def render(self, **variables: object) -> tuple[tuple[str, str], ...]:
        return self.messages


@dataclass(eq=False, slots=True)
class Engine:
    """One question's engine. DSPy hides what went wrong in errors of its own, so the first one is kept here."""

    inner: Analyzer
    brief: Brief
    label: str
    failed: AnalyzerError | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    seed: int | None = None

    async def complete(self, request: Any) -> Any:
        """`lm15.Request` -> `lm15.Response`; passages stand in the messages and are no evidence any more."""
        prompts = Rendered(self.label, messages(request))
        brief = replace(self.brief, evidence=(), history=(), prompts=prompts)
        text, end = "", End()
        try:
            async with closing(self.inner.stream(brief)) as deltas:
                async for delta in deltas:
                    match delta:
                        case Begin():
                            self.seed = delta.seed
                        case Text(said):
                            text += said
                        case Restart():
                            text = ""
                        case End():
                            end = delta
        except AnalyzerError as error:
            self.failed = error
            raise lm15.ProviderError(error.message) from error
        self.tokens_in += end.tokens_in
        self.tokens_out += end.tokens_out
        return lm15.Response(
            id=None,
            model=self.inner.name,
            message=lm15.Message.assistant([lm15.TextPart(text)]),
            finish_reason="length" if end.finish == "length" else "stop",
            usage=lm15.Usage(end.tokens_in, end.tokens_out, end.tokens_in + end.tokens_out),
        )

    async def aclose(self) -> None:
        """Nothing is held: the analyzer belongs to others."""


class Waiting:
    """DSPy wants an engine that waits, too. Nobody here may call it."""

    def complete(self, request: Any) -> Any:
        raise lm15.ConfigurationError("only asynchronous calls are served")

    def close(self) -> None:
        """Nothing is held."""


def messages(request: Any) -> tuple[tuple[str, str], ...]:
    system = request.system or ""
    told = system if isinstance(system, str) else "".join(part.text for part in system)
    turns = tuple((message.role, message.text or "") for message in request.messages)
    return (("system", told), *turns) if told else turns
