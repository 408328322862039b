"""What a piece of text is for: told by its headings, by its table column, else by its wording."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import get_args

from app.core.document import Role
from app.faults.codes import find
from app.faults.lexicon import any_of, load

ROLES: tuple[Role, ...] = get_args(Role)
NUMBERING = re.compile(r"^[\s\d.)(#§-]+")
LOG_LINE = re.compile(r"\s*\[?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?")
LIST_MARK = re.compile(r"^[\s>*•–-]*(?:\(?(?:\d{1,2}|[a-z])[.)]\s+)?[*_]*")
CONDITION = re.compile(r"(?:if|when|once|until|only when|as soon as)\b[^,:]{0,120}[,:]\s*", re.IGNORECASE)
SIGNS: tuple[Role, ...] = ("limit", "cause", "definition")  # in the order they are asked for


@lru_cache(maxsize=1)
def _lexicon() -> Mapping[str, Mapping[str, list[str]]]:
    return load("roles.toml")


@lru_cache(maxsize=1)
def _headings() -> tuple[tuple[Role, re.Pattern[str]], ...]:
    words = _lexicon()["heading"]
    return tuple((role, any_of(words[role])) for role in ROLES if role in words)


@lru_cache(maxsize=1)
def _wording() -> Mapping[Role, re.Pattern[str]]:
    words = _lexicon()["wording"]
    return {role: any_of(words[role]) for role in ROLES if role in words}


@lru_cache(maxsize=1)
def _columns() -> Mapping[str, Role]:
    return {name: role for role in ROLES for name in _lexicon()["column"].get(role, ())}


@lru_cache(maxsize=1)
def _code_columns() -> frozenset[str]:
    return frozenset(_lexicon()["code"]["column"])


def of_heading(headings: Sequence[str]) -> Role | None:
    """Headings run from the title inwards; the innermost that tells a role decides.

    A heading that opens with a fault code names that fault: its own words ("limit", "check") are part of the name.
    """
    for depth, heading in enumerate(reversed(headings)):
        if opens_with_code(heading):
            return "definition" if depth == 0 else None
        if role := _of_words(heading):
            return role
    return None


@lru_cache(maxsize=4096)
def opens_with_code(heading: str) -> bool:
    """`E73-B Brake not released`, `4.2 Fault E73-B` name a code; `Reset after E73-B` only mentions one."""
    mentions = find(heading)
    if not mentions:
        return False
    before = NUMBERING.sub("", heading[: mentions[0].start]).strip(" :–—-*_`([").lower()
    return not before or before in _lexicon()["code"]["heading"]


@lru_cache(maxsize=4096)
def _of_words(heading: str) -> Role | None:
    told = [(match.start(), role) for role, words in _headings() if (match := words.search(heading))]
    return min(told)[1] if told else None


def of_column(name: str) -> Role | None:
    return _columns().get(_plain(name))


def is_code_column(name: str) -> bool:
    return _plain(name) in _code_columns()


@lru_cache(maxsize=1024)
def _plain(name: str) -> str:
    """Lower case, no brackets with their content, no punctuation: `Probable Cause(s)` and `probable_cause` meet."""
    bare = re.sub(r"\(s\)", "s", name.lower())
    bare = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", bare)
    return " ".join(re.findall(r"[^\W_]+", bare))


def of_wording(text: str) -> Role:
    """A sentence's first word tells a step or a warning; other roles have their turns of phrase."""
    if LOG_LINE.match(text):
        return "log"
    wording = _wording()
    body = _past(CONDITION, _past(LIST_MARK, text))
    for role in ("warning", "test", "remedy"):
        if wording[role].match(body):
            return role
    for role in SIGNS:
        if wording[role].search(body):
            return role
    return "narrative"


def _past(opening: re.Pattern[str], text: str) -> str:
    match = opening.match(text)
    return text[match.end() :] if match else text
