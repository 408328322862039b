"""Secrets, e-mail addresses and personal data are taken out of whatever is about to be written down.

Every pattern runs in time linear in the text: a match begins at few places, and once begun it never steps back
(possessive quantifiers), so that a hostile log line cannot make the service stand still.
"""

import re
from collections.abc import Mapping
from typing import Final

from app.telemetry.personal import NONE, Personal, covered

MASK: Final = "***"
DEEPEST: Final = 12

_WORDS = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|credential|authorization"
    r"|(?:api|access|auth|private|secret|signing)[_\- ]?key|cookie|session[_-]?id|dsn"
)
_SECRET_FIELD = re.compile(rf"(?i)(?:{_WORDS})s?+$")
# a whole quoted string, closed or not, its quotes plain or escaped; else all up to white space or a separator
_VALUE = (
    r"""(?:"(?:[^"\\]|\\.)*+"?+|'(?:[^'\\]|\\.)*+'?+"""
    r"""|\\"(?:[^\\]|\\(?!"))*+(?:\\")?+|\\'(?:[^\\]|\\(?!'))*+(?:\\')?+"""
    r"""|[^\s,;&"'<>)\]}]++)"""
)

_PATTERNS: Final = (
    # -----BEGIN … PRIVATE KEY----- to its end, or to the end of the text
    (
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}+-----[^-]*+(?:-(?!----END)[^-]*+)*+(?:-----END [A-Z0-9 ]{0,40}+-----)?+"
        ),
        MASK,
    ),
    # our own keys keep their id, which is no secret and says which key to revoke
    (re.compile(r"\b(rd_[0-9a-f]{8}_)[\w-]++"), rf"\1{MASK}"),
    (re.compile(r"\b(?:sk|pk|rk)-[\w-]{8,}+|\b(?:sk|pk|rk)_(?:live|test)_\w++"), MASK),
    (re.compile(r"\bgh[pousr]_\w{16,}+|\bgithub_pat_\w++|\bglpat-[\w-]++|\bxox[a-z]-[\w-]++|\bhf_\w{16,}+"), MASK),
    (re.compile(r"\bAIza[\w-]{20,}+|\bA(?:KIA|SIA)[0-9A-Z]{16}\b|\beyJ[\w-]{8,}+\.[\w-]++(?:\.[\w-]*+)?+"), MASK),
    # a token and not a word: "basic troubleshooting" is no secret
    (re.compile(r"(?i)\b(bearer|basic)(\s{1,4}+)(?=[a-z.-]*+[\d=_~+/])[\w.~+/=-]{6,}+"), rf"\1\2{MASK}"),
    # user:password@ of a URL
    (re.compile(r"(://[^\s:/@?#]{0,128}+:)[^\s/@]++@"), rf"\1{MASK}@"),
    (
        re.compile(
            rf"(?i)((?:{_WORDS})s?+(?:\s(?:is|was|provided))?+[\"'\\]{{0,3}}+\s{{0,4}}+(?:=>|[:=])\s{{0,4}}+)"
            rf"(?:(?:bearer|basic|digest)\s++)?+{_VALUE}"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"(?<![\w.%+-])[\w.%+-]++@[\w-]++(?:\.[\w-]++)++"), "***@***"),
)


_personal: Personal = NONE


def configure(known: Personal) -> Personal:
    """What counts as personal data from now on. -> what did before."""
    global _personal  # as with spans: the log is written where no service is at hand
    before, _personal = _personal, known
    return before


def personal() -> Personal:
    return _personal


def text(value: str) -> str:
    """Without secrets and without personal data."""
    return covered(secrets(value), _personal.known) if _personal.known else secrets(value)


def secrets(value: str) -> str:
    for pattern, mask in _PATTERNS:
        value = pattern.sub(mask, value)
    return value


def fields(value: object, depth: int = 0) -> object:
    """A structure as JSON would hold it; what stands under a telling name goes whole, whatever it is."""
    if isinstance(value, str):
        return text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= DEEPEST:
        return MASK
    if isinstance(value, Mapping):
        return {text(str(k)): MASK if names_a_secret(str(k)) else fields(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [fields(item, depth + 1) for item in value]
    return text(str(value))


def names_a_secret(name: str) -> bool:
    return _SECRET_FIELD.search(name) is not None
