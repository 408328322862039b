"""What an analyzer is asked to write, and the cutter that takes statements out of what it writes instead."""

import re
from collections.abc import Mapping
from typing import Final, get_args

from app.core.diagnosis import Action
from app.core.statement import Kind, Statement
from app.receipts.entries import Malformed, read
from app.receipts.prose import Prose
from app.receipts.scanner import LISTED, Scanner, parse

_TEXT: Final = {"type": ["string", "null"]}
SCHEMA: Final[Mapping[str, object]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["statements"],
    "properties": {
        "statements": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["kind", "text", "citations", "quote", "action", "expected", "code", "language"],
                "properties": {
                    "kind": {"type": "string", "enum": list(get_args(Kind))},
                    "text": {"type": "string"},
                    "citations": {"type": "array", "items": {"type": "integer"}},
                    "quote": _TEXT,
                    "action": {"type": ["string", "null"], "enum": [*get_args(Action), None]},
                    "expected": _TEXT,
                    "code": _TEXT,
                    "language": _TEXT,
                },
            },
        }
    },
}

JSON = re.compile(r"(?:```[^\n`]*\n\s*)?(?=\{|\[\s*\{)")
UNDECIDED = re.compile(r"\[\s*|`{1,3}|```[^\n`]*(?:\n\s*(?:\[\s*)?)?")
THOUGHT = "<think>"  # reasoning models put their draft before the answer
THOUGHT_ENDS = "</think>"


class Cutter:
    """Takes the stream of one answer. `feed` gives each statement once it is whole; `close` gives what is left.

    JSON of `SCHEMA`, JSON with other keys, either in a code fence, and plain prose are all taken. What is malformed
    is counted in `skipped`; what was cut off in the middle is dropped.
    """

    def __init__(self) -> None:
        self.skipped = 0
        self._start = ""  # what came before the shape of the answer is known
        self._thinking = False
        self._json: Scanner | None = None
        self._prose: Prose | None = None

    def feed(self, text: str) -> list[Statement]:
        if self._json:
            return self._values(self._json, text)
        if self._prose:
            return self._sentences(self._prose, text)
        self._start = (self._start + text).lstrip()
        return self._begin()

    def close(self, whole: bool = False) -> list[Statement]:
        """`whole` says that the server ended the answer itself, so that its last words count without a full stop."""
        if self._json:
            self.skipped += self._json.open
            return []
        if self._prose:
            return self._prose.close(whole)
        if self._thinking:
            return []
        prose = Prose()
        return [*self._sentences(prose, self._start), *prose.close(whole)]

    def _begin(self) -> list[Statement]:
        """Decide by the first characters; wait for more while they could still be either."""
        if self._thinking or self._start.startswith(THOUGHT):
            _, ended, rest = self._start.partition(THOUGHT_ENDS)
            self._thinking = not ended
            self._start = rest.lstrip() if ended else self._start[-len(THOUGHT_ENDS) :]
        start = self._start
        if self._thinking or THOUGHT.startswith(start) or UNDECIDED.fullmatch(start):
            return []
        if opened := JSON.match(start):
            self._json = Scanner()
            return self._values(self._json, start[opened.end() :])
        self._prose = Prose()
        return self._sentences(self._prose, start)

    def _values(self, scanner: Scanner, text: str) -> list[Statement]:
        return [s for key, raw in scanner.feed(text) for s in self._read(key or LISTED, parse(raw))]

    def _read(self, key: str, value: object) -> list[Statement]:
        found: list[Statement] = []
        try:
            found.extend(read(key, value))
        except Malformed:
            self.skipped += 1
        return found

    def _sentences(self, prose: Prose, text: str) -> list[Statement]:
        found = prose.feed(text)
        if prose.json is None:
            return found
        self._json = Scanner()  # the prose only led up to a JSON object
        return [*found, *self._values(self._json, prose.json)]
