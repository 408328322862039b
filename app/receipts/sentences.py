"""Where one sentence ends: abbreviations, decimals and list numbers do not cut."""

import re

SHORT = (
    "e.g i.e approx ca cf vs no nos nr fig figs sec sect ref rev min max incl excl resp etc dr mr st vol ch pos "
    "z.b bzw d.h u.a abb ggf evtl art al p pp"
)
ABBREVIATIONS = frozenset(SHORT.split())
MARKERS = r"(?:[ \t]*[\[【]\d+(?:\s*,\s*\d+)*[\]】])*"
END = re.compile(rf"[.!?…]+[\"'”’)]*{MARKERS}(\s+)(?=\S)(?![\[【](?:\d|$))")
BLANK = re.compile(r"[ \t]*\r?\n[ \t]*\r?\n\s*")
ITEM = re.compile(r"[ \t]*\r?\n(?=[ \t]*(?:[-*•+][ \t]|\d{1,3}[.)][ \t]|#|\||>))")
LINE = re.compile(r"[ \t]*\r?\n\s*")
UNIT = re.compile(r"\d[ \u00a0]?[^\W\d_]$")  # "for 4 s. The …", "at least 92 V. Then …"
LAST = re.compile(r"[^\s(\[]*$")
BEFORE = 24  # characters that hold the longest abbreviation and its neighbours


def cut(text: str, *, lines: bool = False) -> list[tuple[int, int]]:
    """Spans of the sentences, outer white space left out; with `lines` every line break ends one."""
    bounds = sorted({*_ends(text), *_breaks(text, lines)})
    spans: list[tuple[int, int]] = []
    start = 0
    for stop, following in (*bounds, (len(text), len(text))):
        if stop < start:
            continue
        first = start + len(text[start:stop]) - len(text[start:stop].lstrip())
        last = first + len(text[first:stop].rstrip())
        if last > first:
            spans.append((first, last))
        start = following
    return spans


def _breaks(text: str, lines: bool) -> list[tuple[int, int]]:
    if "\n" not in text:
        return []
    patterns = (LINE,) if lines else (BLANK, ITEM)
    return [match.span() for pattern in patterns for match in pattern.finditer(text)]


def _ends(text: str) -> list[tuple[int, int]]:
    return [(m.start(1), m.end(1)) for m in END.finditer(text) if closes(text, m.start(), m.end())]


def closes(text: str, stop: int, following: int) -> bool:
    """Whether the terminator at `stop` ends a sentence that the character at `following` does not continue."""
    if text[stop] in "!?…":
        return True
    if following < len(text) and text[following].islower():
        return False
    before = text[max(0, stop - BEFORE) : stop]
    found = LAST.search(before)
    word = found[0].lower() if found else ""
    if word.isdigit():  # "1." opens a list item; "… after 3." ends a sentence
        return bool(text[:stop].rstrip(word).rsplit("\n", 1)[-1].strip())
    initial = len(word) == 1 and word.isalpha() and not UNIT.search(before)
    return word not in ABBREVIATIONS and not initial
