"""Phrases of a word list become one regular expression.

A `*` ends a stem, `(the)` is an article that may be missing, `…` stands for up to four words.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ARTICLE = r"(?:(?:the|this|that|a|an|all|both|its)\s+)?"
FEW_WORDS = r"(?:[\w/-]+\s+){0,4}"


def load(name: str) -> Mapping[str, Any]:
    """A data file that stands beside this one."""
    return tomllib.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    """Longest first, so that a phrase wins over a word that it begins with; words stand apart from other words."""
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_phrase, longest_first))})(?!\w)", re.IGNORECASE)


def _phrase(phrase: str) -> str:
    *words, last = phrase.split()
    return "".join(_word(word, r"\s+") for word in words) + _word(last, "")


def _word(word: str, gap: str) -> str:
    if word == "(the)":
        return ARTICLE
    if word == "…":
        return FEW_WORDS
    return re.escape(word.rstrip("*")) + (r"\w*" if word.endswith("*") else "") + gap
