"""Whatever a server sends, it is text or an error of ours: a servers' own ideas of the protocol break nothing."""

import json

import pytest

from app.analyzers.openai.reply import Reply
from app.core.errors import AnalyzerBadOutput


@pytest.mark.parametrize(
    "event",
    [
        {"choices": ["text"]},
        {"choices": {"delta": {}}},
        {"choices": [None]},
        {"choices": [{"delta": "text"}]},
        {"choices": [{"delta": {"content": ["text"]}}]},
        ["choices"],
        "choices",
        7,
    ],
)
def test_what_has_another_shape_is_no_answer(event: object) -> None:
    with pytest.raises(AnalyzerBadOutput):
        Reply("odd").feed(f"data: {json.dumps(event)}\n".encode())


@pytest.mark.parametrize(
    "event",
    [
        {"choices": []},
        {"choices": None, "usage": None},
        {"usage": 5},
        {"usage": {"prompt_tokens": "many", "completion_tokens": None}},
        {"choices": [{"delta": None, "finish_reason": None}]},
    ],
)
def test_what_says_nothing_is_passed_over(event: object) -> None:
    reply = Reply("odd")
    assert reply.feed(f"data: {json.dumps(event)}\n".encode()) == ""
    assert (reply.tokens_in, reply.tokens_out) == (0, 0)
