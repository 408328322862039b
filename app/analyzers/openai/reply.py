"""The server's side of an answer: server-sent events, or one JSON object from servers that cannot stream."""

from collections.abc import Mapping
from typing import Any

from app.analyzers.remote.errors import reported
from app.core.errors import AnalyzerBadOutput, AnalyzerContentPolicy, AnalyzerUnavailable

LONGEST = 2**20  # bytes of one event; what is longer is no answer


class Reply:
    """`feed` takes bytes as they come and gives the text in them; `finish` says why the server ended, once it has."""

    def __init__(self, name: str) -> None:
        self.finish: str | None = None
        self.done = False
        self.tokens_in = self.tokens_out = 0
        self._name = name
        self._rest = b""

    def feed(self, received: bytes) -> str:
        *lines, self._rest = (self._rest + received).split(b"\n")
        if len(self._rest) > LONGEST:
            raise AnalyzerBadOutput(f"{self._name!r} sent an event without end.")
        return "".join(self._line(line) for line in lines if line.startswith(b"data:"))

    def close(self) -> str:
        """The connection has ended. Raises `AnalyzerUnavailable` when the answer had not."""
        text = self._line(self._rest) if self._rest.startswith(b"data:") else ""
        if self.finish is None and not self.done:
            raise AnalyzerUnavailable(f"{self._name!r} was cut off in the middle of its answer.")
        return text

    def whole(self, body: bytes) -> str:
        """An answer that was not streamed."""
        text = self._event(self._parsed(body))
        if self.finish is None:
            raise AnalyzerBadOutput(f"{self._name!r} sent no answer.")
        return text

    def _line(self, line: bytes) -> str:
        data = line[5:].strip()
        if data == b"[DONE]":
            self.done = True
        return self._event(self._parsed(data)) if data and not self.done else ""

    def _parsed(self, data: bytes) -> Any:
        import jiter

        try:
            return jiter.from_json(data)
        except ValueError as error:
            raise AnalyzerBadOutput(f"{self._name!r} sent what is not JSON.") from error

    def _event(self, event: Any) -> str:
        if not isinstance(event, dict):
            raise AnalyzerBadOutput(f"{self._name!r} sent an event that is no object.")
        if event.get("error"):
            raise reported(event["error"], self._name)
        if isinstance(usage := event.get("usage"), dict):
            self.tokens_in, self.tokens_out = (_count(usage.get(f"{what}_tokens")) for what in ("prompt", "completion"))
        choices = event.get("choices") or [{}]
        if not isinstance(choices, list) or not isinstance(choices[0], dict):
            raise AnalyzerBadOutput(f"{self._name!r} sent choices that are none.")
        return self._choice(choices[0])

    def _choice(self, choice: Mapping[str, Any]) -> str:
        said = choice.get("delta") or choice.get("message") or {}
        if not isinstance(said, dict):
            raise AnalyzerBadOutput(f"{self._name!r} sent a message that is no object.")
        self.finish = choice.get("finish_reason") or self.finish
        if said.get("refusal") or self.finish == "content_filter":
            raise AnalyzerContentPolicy(f"{self._name!r} refused to answer.")
        text = said.get("content") or ""
        if not isinstance(text, str):
            raise AnalyzerBadOutput(f"{self._name!r} sent content that is no text.")
        return text


def _count(told: object) -> int:
    return told if isinstance(told, int) else 0
