"""A piece of an answer as LangChain has it: its text, its tokens, and why it ended."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.analyzers.remote.asking import Heard
from app.core.errors import AnalyzerBadOutput, AnalyzerContentPolicy

if TYPE_CHECKING:
    from langchain_core.messages import AIMessageChunk

STOPPED = frozenset({"stop", "end_turn", "stop_sequence", "complete", "finish_reason_stop"})
FULL = frozenset({"length", "max_tokens", "model_length"})
REFUSED = frozenset(
    {"safety", "blocklist", "prohibited_content", "spii", "recitation", "content_filter", "refusal", "image_safety"}
)
BROKEN = frozenset({"malformed_function_call", "unexpected_tool_call", "language", "other", "error"})


def hear(chunk: "AIMessageChunk", heard: Heard, name: str) -> str:
    """-> its text. Raises `AnalyzerContentPolicy` when the provider would not answer."""
    told: Mapping[str, Any] = chunk.response_metadata or {}
    if used := chunk.usage_metadata:
        heard.tokens_in += used.get("input_tokens", 0)
        heard.tokens_out += used.get("output_tokens", 0)
    if blocked := _blocked(told):
        raise AnalyzerContentPolicy(f"{name!r} refused the prompt: {blocked}.")
    if reason := finish(told):
        heard.finish = reason
    if heard.finish in REFUSED:
        raise AnalyzerContentPolicy(f"{name!r} refused to answer: {heard.finish}.")
    if heard.finish in BROKEN:
        raise AnalyzerBadOutput(f"{name!r} gave up its answer: {heard.finish}.")
    return str(chunk.text)


def finish(told: Mapping[str, Any]) -> str | None:
    """One spelling for every provider's reason."""
    said = next((told[key] for key in ("finish_reason", "stop_reason", "done_reason") if told.get(key)), None)
    reason = str(said).rsplit(".", 1)[-1].lower() if said else None
    if reason in STOPPED:
        return "stop"
    return "length" if reason in FULL else reason


def _blocked(told: Mapping[str, Any]) -> str:
    feedback = told.get("prompt_feedback")
    reason = feedback.get("block_reason") if isinstance(feedback, Mapping) else None
    return str(getattr(reason, "value", reason)) if reason else ""
