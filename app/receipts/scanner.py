"""JSON that is still being written, cut into the values that are already whole; each character is read once."""

import json
import re
from typing import Any

OUTSIDE = re.compile(r'[{}\[\]",:]')
INSIDE = re.compile(r'["\\]')
LISTED = "statements"  # the one key whose list is cut into its elements


class Scanner:
    """`feed` gives (key, raw JSON) for every value of the outermost object, and for every element of `statements`

    or of an outermost list. Numbers, booleans and nulls at that level are passed over: no statement is one.
    """

    def __init__(self) -> None:
        self.done = False
        self._depth = 0
        self._level = 1  # depth at which values are gathered
        self._listed = False  # whether that level is a list
        self._key = ""
        self._naming = False  # whether the next string at the level is a key
        self._text = False
        self._escaped = False
        self._held: list[str] | None = None  # the value being gathered

    @property
    def open(self) -> bool:
        """Whether something began that is not whole yet."""
        return self._depth > 0

    def feed(self, text: str) -> list[tuple[str, str]]:
        whole: list[tuple[str, str]] = []
        at = kept = 0  # read so far; gathered so far
        while at < len(text) and not self.done:
            if self._escaped:
                self._escaped, at = False, at + 1
                continue
            match = (INSIDE if self._text else OUTSIDE).search(text, at)
            if match is None:
                break
            at = match.end()
            began, ended = self._step(match[0])
            if began:
                self._held, kept = [], match.start()
            if ended and self._held is not None:
                self._held.append(text[kept:at])
                self._whole("".join(self._held), whole)
                self._held = None
        if self._held is not None:
            self._held.append(text[kept:])
        return whole

    def _step(self, char: str) -> tuple[bool, bool]:
        """Take one structural character -> (a value begins here, a value ends here)."""
        top = self._depth == self._level
        if char == "\\":
            self._escaped = True
        elif char == '"':
            self._text = not self._text
            return (top and self._text), (top and not self._text)
        elif char in "{[":
            return self._down(char, top), False
        elif char in "}]":
            return False, self._up()
        elif top and not self._listed:
            self._naming = char == ","
        return False, False

    def _down(self, char: str, top: bool) -> bool:
        self._depth += 1
        if self._depth == 1:
            self._listed = char == "["
            self._naming = not self._listed
            return False
        if top and char == "[" and self._key == LISTED and self._level == 1 and not self._listed:
            self._level, self._listed = 2, True
            return False
        return top

    def _up(self) -> bool:
        self._depth -= 1
        if self._depth == self._level:
            return True
        if self._level == 2 and self._depth == 1:
            self._level, self._listed, self._key = 1, False, ""
        self.done = self._depth <= 0
        return False

    def _whole(self, raw: str, whole: list[tuple[str, str]]) -> None:
        if self._naming and not self._listed:
            self._key = str(parse(raw) or "").strip().lower()
        else:
            whole.append((self._key, raw))


def parse(raw: str) -> Any:
    """None when it is not JSON; raw line breaks in strings are let pass, since some servers' grammars emit them."""
    try:
        return json.loads(raw, strict=False)
    except (ValueError, RecursionError):
        return None
