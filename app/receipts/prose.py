"""Plain prose that is still being written, cut into statements; headings and labels tell their kind."""

import re

from app.core.statement import Kind, Statement
from app.receipts.entries import KINDS, sentences
from app.receipts.sentences import cut

LONGEST = 2000  # characters that may wait for a full stop; keeps the work per piece of text bounded
SWITCH = re.compile(r"(?<!\S)(?:```([^\n`]*)\n\s*|(?=\{\s*\"|\[\s*\{))")
OBJECT = re.compile(r"\{\s*\"|\[\s*\{")
STOP = re.compile(r"[.!?…\n{\[`]")
TICK = re.compile("`")
CLOSING = re.compile(r"(?m)^[ \t]*```")
LABEL = re.compile(r"[#*_>\s]*([A-Za-z][A-Za-z ]{2,30})[*_]*(?::[*_]*(?=\s|$)|$)\s*")
ENDINGS = (".", "!", "?", "…", "]", "】")
NUMBERED = re.compile(r"\d{1,3}[.)]\s")


class Prose:
    """`json` is set, with the text from there on, when an object opens: the prose only led up to it."""

    def __init__(self) -> None:
        self.json: str | None = None
        self._held: list[str] = []
        self._kind: Kind = "summary"
        self._language: str | None = None  # of the code block that is open
        self._may = False  # whether something may have ended: until then nothing is looked at again

    def feed(self, text: str) -> list[Statement]:
        self._held.append(text)
        self._may = self._may or bool((TICK if self._language is not None else STOP).search(text))
        if not self._may and len(self._held) < LONGEST:
            return []
        return self._take("".join(self._held))

    def close(self, whole: bool) -> list[Statement]:
        """The last sentence counts when it or the whole answer was ended; a block that was never closed does not."""
        text = "".join(self._held)
        self._held = []
        if self._language is not None:
            closed = CLOSING.search(text)
            return [self._fix(text[: closed.start()])] if closed else []
        if opened := SWITCH.search(text):  # what it opens never came
            text, whole = text[: opened.start()], True
        found = [s for start, end in cut(text, lines=True) for s in self._sentence(text[start:end])]
        ended = whole or text.endswith("\n") or text.rstrip("*_ ").endswith(ENDINGS)
        return found if ended else found[:-1]

    def _take(self, text: str) -> list[Statement]:
        self._may = False
        if self._language is not None:
            return self._block(text)
        switch = SWITCH.search(text)
        return self._switch(text, switch) if switch else self._partly(text)

    def _switch(self, text: str, switch: re.Match[str]) -> list[Statement]:
        """What follows is an object or a block of code; a fence alone does not tell yet which."""
        rest = text[switch.end() :]
        if rest.rstrip() in ("", "{", "["):
            self._held, self._may = [text], True
            return []
        found = self._whole(text[: switch.start()])
        if OBJECT.match(rest):
            self.json = rest
            return found
        self._language = switch[1].strip()
        return [*found, *self._block(rest)]

    def _block(self, text: str) -> list[Statement]:
        closed = CLOSING.search(text)
        self._held = [text]
        if closed is None:
            return []
        fix = self._fix(text[: closed.start()])
        self._language = None
        return [fix, *self._take(text[closed.end() :])]

    def _fix(self, snippet: str) -> Statement:
        return Statement("fix", snippet.rstrip(), language=self._language or None)

    def _whole(self, text: str) -> list[Statement]:
        self._held = []
        return [s for start, end in cut(text, lines=True) for s in self._sentence(text[start:end])]

    def _partly(self, text: str) -> list[Statement]:
        """All sentences but the last, which may go on."""
        spans = cut(text, lines=True)
        sure = len(spans) - 1
        if sure < 0 or len(text) > LONGEST:
            sure = len(spans)
        self._held = [text[spans[sure][0] :]] if sure < len(spans) else []
        self._may = any(map(STOP.search, self._held))
        return [s for start, end in spans[:sure] for s in self._sentence(text[start:end])]

    def _sentence(self, text: str) -> list[Statement]:
        label = LABEL.match(text)
        kind = _named(label[1]) if label else None
        if label and kind:
            self._kind, text = kind, text[label.end() :]
        if not text or text.rstrip("*_ ").endswith(":"):  # a heading, or a sentence that only leads up to a list
            return []
        numbered = self._kind == "summary" and NUMBERED.match(text)
        return list(sentences("step" if numbered else self._kind, text))


def _named(words: str) -> Kind | None:
    name = words.strip().lower().replace(" ", "_")
    return KINDS.get(name)
