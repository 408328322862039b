"""OpenAI's chat request as it is taken here: what is honoured, what is refused, what changes nothing."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from app.api.requests import Material, Short, Strict
from app.core import question as q
from app.core.ids import kb_slug

ACTIVE = "rail-debug"  # the model that is whichever analyzer is active
LONGEST = 20_000  # characters of a question; whatever a message holds beyond them is taken as a log


def joined(content: object) -> object:
    """The text parts of a message as one text."""
    if not isinstance(content, list):
        return content or ""
    if any(not isinstance(part, dict) or part.get("type") not in ("text", "refusal") for part in content):
        raise ValueError("only text is read here: no images, audio or files; put into words what they show")
    return "\n".join(str(part.get("text") or part.get("refusal") or "") for part in content)


def unset(why: str) -> AfterValidator:
    def check(value: object) -> object:
        if value:
            raise ValueError(why)
        return value

    return AfterValidator(check)


Ignored = Any
Tools = Annotated[Any, unset("no tool is called here: the answer comes from the documents")]
Stop = Annotated[Any, unset("an answer is never cut: its last lines are its warnings and sources")]
Bias = Annotated[Any, unset("no word of an answer can be favoured")]
Odds = Annotated[Any, unset("an answer has receipts, not probabilities of tokens: read `diagnosis`")]
Sound = Annotated[Any, unset("answers are text")]


class Message(BaseModel):
    """An answer of ours may be sent back with all that it carries, so further fields are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[Material, BeforeValidator(joined)] = ""


class StreamOptions(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    include_usage: bool = False


class TextFormat(Strict):
    type: Literal["text"]  # `diagnosis` beside the text is the answer as JSON, in a schema of its own


class ChatRequest(Strict):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"model": ACTIVE, "messages": [{"role": "user", "content": "E73-B, what do I check first?"}]}]
        }
    )

    model: Short = Field(description="`rail-debug` is the active analyzer; every configured one has its own name.")
    messages: tuple[Message, ...] = Field(
        description="The last of the user is the question; earlier ones are history. A system message is not obeyed."
    )
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1, description="At most what the analyzer's row allows.")
    max_completion_tokens: int | None = Field(None, ge=1)
    seed: int | None = None
    metadata: dict[str, str] | None = Field(None, description="`kb` names the knowledge base, as `X-Knowledge-Base`.")
    user: str | None = None

    n: Literal[1] | None = None
    response_format: TextFormat | None = None
    modalities: tuple[Literal["text"], ...] | None = None
    tools: Tools = None
    functions: Tools = None
    web_search_options: Tools = None
    stop: Stop = None
    logit_bias: Bias = None
    logprobs: Odds = None
    top_logprobs: Odds = None
    audio: Sound = None

    frequency_penalty: Ignored = None
    function_call: Ignored = None
    parallel_tool_calls: Ignored = None
    prediction: Ignored = None
    presence_penalty: Ignored = None
    prompt_cache_key: Ignored = None
    prompt_cache_retention: Ignored = None
    reasoning_effort: Ignored = None
    safety_identifier: Ignored = None
    service_tier: Ignored = None
    store: Ignored = None
    tool_choice: Ignored = None
    top_p: Ignored = None
    verbosity: Ignored = None

    @field_validator("messages")
    @classmethod
    def asked(cls, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        if all(message.role != "user" for message in messages):
            raise ValueError("there is no message of the user")
        return messages

    @property
    def with_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)

    def to_question(self, kb: str) -> q.Question:
        last = max(n for n, message in enumerate(self.messages) if message.role == "user")
        text, log = divided(self.messages[last].content)
        return q.Question(
            text=text,
            log=log,
            kb=kb_slug((self.metadata or {}).get("kb") or kb),
            analyzer=None if self.model == ACTIVE else self.model,
            options=q.Options(self.temperature, self.max_completion_tokens or self.max_tokens, self.seed),
            history=tuple(turn for message in self.messages[:last] if (turn := said(message))),
        )


def said(message: Message) -> q.Turn | None:
    """What a client tells the system to be is no part of what was said."""
    if message.role in ("system", "developer") or not message.content.strip():
        return None
    return q.Turn("user" if message.role == "user" else "assistant", message.content)


def divided(text: str) -> tuple[str, str]:
    """A pasted log follows its question: cut at the end of a line, where there is one."""
    if len(text) <= LONGEST:
        return text, ""
    cut = text.rfind("\n", 0, LONGEST) + 1 or LONGEST
    return text[:cut], text[cut:]
