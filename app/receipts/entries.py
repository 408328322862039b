"""One parsed value of an answer becomes statements, whatever names the server gave its keys."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, get_args

from app.core.diagnosis import Action
from app.core.statement import Kind, Statement
from app.receipts.sentences import cut

MARKER = re.compile(r"\s*[\[【](\d{1,3}(?:\s*,\s*\d{1,3})*)[\]】]")
LEAD = re.compile(r"^(?:[-*•+]\s+|\d{1,3}[.)]\s+|#+\s+|>\s+)+")
NAMES: Final[Mapping[Kind, str]] = {
    "meaning": "meaning definition",
    "summary": "summary answer diagnosis explanation response conclusion",
    "cause": "cause causes root_cause root_causes probable_cause hypothesis hypotheses reason",
    "step": "step steps fix fixes remedy remedies action actions solution resolution repair checks",
    "limit": "limit limits threshold thresholds",
    "next_test": "next_test next_step next_check test",
    "warning": "warning warnings caution safety",
    "fix": "code_fix snippet",
}
KINDS: Final[Mapping[str, Kind]] = {word: kind for kind, words in NAMES.items() for word in words.split()}
EXACT: Final[frozenset[str]] = frozenset(get_args(Kind))
ACTIONS: Final[frozenset[str]] = frozenset(get_args(Action))
DEEPEST = 4  # objects within objects that are looked into


class Malformed(ValueError):
    """This entry says nothing that can be read."""


def read(key: str, value: object, depth: int = 0) -> Iterator[Statement]:
    """The statements of one value. Raises `Malformed` where a statement was meant and none can be made."""
    if isinstance(value, Mapping):
        yield from _mapping(key, value, depth)
    elif isinstance(value, list) and depth < DEEPEST:
        for item in value:
            yield from read(key, item, depth + 1)
    elif isinstance(value, str) and key in KINDS:
        yield from sentences(KINDS[key], value)
    elif value is None or key == "statements":
        raise Malformed(key)


def _mapping(key: str, value: Mapping[str, object], depth: int) -> Iterator[Statement]:
    if "text" in value or "kind" in value:
        yield entry(value, KINDS.get(key))
    elif depth < DEEPEST:
        for name, inner in value.items():
            yield from read(str(name).strip().lower(), inner, depth + 1)


def entry(value: Mapping[str, object], default: Kind | None = None) -> Statement:
    """A statement as `SCHEMA` has it; what is optional and wrong is left out; without a kind or text, `Malformed`."""
    named = str(value.get("kind") or "").lower()
    kind = named if named in EXACT else KINDS.get(named, default)
    text = value.get("text")
    if kind is None or not isinstance(text, str) or not text.strip():
        raise Malformed(named)
    action = value.get("action")
    statement = Statement(
        kind=kind,  # type: ignore[arg-type]
        text=text.strip() if kind == "fix" else LEAD.sub("", text.strip()),
        citations=_numbers(value.get("citations", value.get("citation"))),
        quote=_string(value.get("quote")) or "",
        action=action if action in ACTIONS else None,  # type: ignore[arg-type]
        expected=_string(value.get("expected")),
        code=_string(value.get("code")),
        language=_string(value.get("language")) if kind == "fix" else None,
    )
    return statement if kind == "fix" else _unmarked(statement)


def sentences(kind: Kind, text: str) -> Iterator[Statement]:
    """A value that is plain text: every sentence is a statement, a snippet is one as a whole."""
    if kind == "fix":
        yield Statement(kind, text.strip())
        return
    for start, end in cut(text, lines=True):
        statement = _unmarked(Statement(kind, LEAD.sub("", text[start:end])))
        if any(char.isalnum() for char in statement.text):
            yield statement


def _unmarked(statement: Statement) -> Statement:
    """`[2]` in a text is a citation; it is taken out of the words and put where citations belong."""
    found = tuple(int(n) for match in MARKER.finditer(statement.text) for n in match[1].split(","))
    if not found:
        return statement
    citations = tuple(dict.fromkeys((*statement.citations, *found)))
    return replace(statement, text=MARKER.sub("", statement.text).strip(), citations=citations)


def _numbers(value: object) -> tuple[int, ...]:
    listed = value if isinstance(value, list) else [value]
    found = (str(item).strip("[] ") for item in listed if isinstance(item, int | str) and not isinstance(item, bool))
    return tuple(dict.fromkeys(int(item) for item in found if item.isdecimal() and len(item) < 6))


def _string(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None
