"""Bytes become text, unchanged but for the encoding; what is no text is refused with a reason."""

import re
from collections.abc import Sequence
from itertools import accumulate

from app.core.errors import InvalidDocument

MAGIC = {
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a ZIP archive or an Office document",
    b"\x1f\x8b": "gzip-compressed",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"{\\rtf": "rich text (RTF)",
    b"SQLite format 3": "a database",
    b"\x7fELF": "a program",
}
MARKED = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")  # not tab, line ends, or the escape of coloured logs
SIGNS = "°±µ§·×÷²³¼½¾ºª€£©®™«»‘’‚“”„–—…•¿¡´¨\xa0"
NEWLINE = re.compile(r"\r\n|\r|\n")


def decode(path: str, content: bytes) -> str:
    """Raises `InvalidDocument` for anything a person would not call text."""
    for magic, what in MAGIC.items():
        if content.startswith(magic):
            raise InvalidDocument(f"{path}: its content is {what}, not text.", hint="Export it as text and try again.")
    text = _decode(path, content)
    if "\0" in text or len(CONTROL.findall(text)) * 100 > len(text):
        raise InvalidDocument(f"{path}: its content is binary, not text.")
    if not text.strip():
        raise InvalidDocument(f"{path}: the file is empty.")
    return text


def _decode(path: str, content: bytes) -> str:
    for mark, encoding in MARKED.items():
        if content.startswith(mark):
            return _strict(path, content[len(mark) :], encoding)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        text = ""
    if not _sensible(text):
        raise InvalidDocument(
            f"{path}, line {line}: neither UTF-8, UTF-16 nor Western European text.",
            hint="Save the file as UTF-8.",
            line=line,
        )
    return text


def _strict(path: str, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].decode(encoding, "ignore").count("\n") + 1
        raise InvalidDocument(
            f"{path}, line {line}: its mark promises {encoding}, but these bytes are not.",
            hint="Save the file as UTF-8.",
            line=line,
        ) from error


def _sensible(text: str) -> bool:
    """Western European text is mostly ASCII, and what is not is mostly letters and the signs of a manual."""
    foreign = [character for character in text if character > "\x7f"]
    known = sum(character.isalpha() or character in SIGNS for character in foreign)
    return bool(text) and len(foreign) * 4 <= len(text) and known * 10 >= len(foreign) * 9


def line_starts(text: str) -> Sequence[int]:
    """Where each line begins. Line ends are those that Markdown and CSV know, not all that Unicode does."""
    if "\r" in text:
        return [0, *(match.end() for match in NEWLINE.finditer(text))]
    return list(accumulate((len(line) + 1 for line in text.split("\n")[:-1]), initial=0))


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without the white space at its ends."""
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return start, max(start, end - (len(piece) - len(piece.rstrip())))
