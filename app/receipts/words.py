"""Words as they are compared: lower case, lightly stemmed, the function words of five languages set apart."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

TOKEN = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+")
SUFFIXES = (
    *("ations", "ation", "ating", "ated", "ates", "ate", "ments", "ment", "ings", "ing"),
    *("ies", "ied", "ely", "ed", "es", "ly", "s", "e", "y"),
)
STOP = {
    "en": "the a an of to in on at by for from with and or as is are was were be been being it its this that these "
    "those there which who when if then else than so into onto has have had do does did will would shall "
    "should can could may might must also any all each such their they them he she you your we our only "
    "more most very just but about because while where how what why i me my",
    "de": "der die das den dem des ein eine einer eines einem einen und oder ist sind war wird werden zu zum zur im in "
    "am an auf aus bei mit nach von vom vor für über unter durch es er sie sich wenn dann dass daß als auch noch nur "
    "wie was wer wo soll muss müssen kann können hat haben dies diese dieser dieses",
    "fr": "le la les un une des du de et ou est sont était être à au aux en dans sur sous par pour avec que qui quoi "
    "dont où il elle ils elles ce cet cette ces se sa son ses si alors doit doivent peut peuvent a ont plus l d s c qu",
    "it": "il lo la gli i un uno una di del della dei delle e o è sono era essere al alla ai nel nella su per con che "
    "chi cui se si deve devono può da dal dalla questo questa",
    "es": "el la los las un una unos de del y o es son era ser al en sobre por para con que quien si se su sus debe "
    "deben puede pueden este esta estos lo",
}
DENIALS = "not no never without cannot don doesn isn aren nor nicht kein keine keinen nie ohne ne pas non sin sans"
NEGATORS = frozenset(DENIALS.split())
SPOKEN: dict[str, list[str]] = {}  # function word -> the languages that have it
for spoken_in, listed in STOP.items():
    for function_word in dict.fromkeys(listed.split()):
        SPOKEN.setdefault(function_word, []).append(spoken_in)
IGNORED = SPOKEN.keys() | NEGATORS | {"t"}  # the t of "don't"


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """`isolated`, `isolating` and `isolation` become one; both sides of a comparison go through here."""
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and not word[-1].isdigit() else word


def tokens(text: str) -> list[tuple[str, int, int]]:
    """(lower-case word, start, end), decimals whole and written with a point."""
    return [(m[0].lower().replace(",", "."), m.start(), m.end()) for m in TOKEN.finditer(text)]


@lru_cache(maxsize=16384)
def term(word: str) -> str:
    """Its stem; empty for a word that carries no content."""
    return stem(word) if word not in IGNORED and (len(word) > 1 or word.isdigit()) else ""


def content(words: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(None, map(term, words)))


def stems(text: str) -> frozenset[str]:
    return content(word for word, _, _ in tokens(text))


def language(words: Iterable[str]) -> str | None:
    """The language whose function words stand out, or None when a text is too short to tell."""
    counts = Counter(name for word in words if word in SPOKEN for name in SPOKEN[word])
    (name, best), (_, second) = (*counts.most_common(2), ("", 0), ("", 0))[:2]
    return name if best >= 2 and best > second else None
