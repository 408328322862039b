"""What a file is: told by its content where that is plain, else by its name; in doubt it is refused."""

import re
from pathlib import PurePosixPath

from app.core.errors import InvalidDocument, UnsupportedFormat
from app.ingest.base import Loader
from app.ingest.loaders import FORMATS, LOADERS

HEAD = 1024  # bytes in which a PDF may still begin
DIRECTORY = 1 << 16  # bytes of an archive in which its first names stand
MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<!--.{0,400}?-->\s*)?(?:<!doctype\s+html|<html[\s>])", re.I | re.S)
OBJECT = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]\s*[\"\[{]")
WEB = frozenset({".html", ".htm", ".shtml", ".xhtml"})
BINARY = frozenset({".pdf", ".docx"})
BARE = frozenset({"", ".txt"})  # names that promise nothing


def pick(path: str, content: bytes) -> tuple[Loader, str]:
    """-> the loader, and a warning where the name misleads. Raises `UnsupportedFormat`, `InvalidDocument`."""
    suffix = PurePosixPath(path).suffix.lower()
    kind = _kind(suffix, content)
    if kind and kind != suffix and not (kind == ".html" and suffix in WEB):
        named = f"named {suffix}" if suffix else "named without a suffix"
        return LOADERS[kind], f"{named}, but its content is {_told(kind)}; it was read as that"
    if suffix in BINARY and not content.strip(b"\0 \t\r\n"):
        raise InvalidDocument(f"{path}: the file is empty.")
    if suffix in BINARY and not kind:
        raise InvalidDocument(
            f"{path}: it is named {suffix}, but its content is not {_told(suffix)}.",
            hint="Name the file by what it is, or export it again.",
        )
    if not suffix:
        return LOADERS[".txt"], ""
    if suffix not in LOADERS:
        raise UnsupportedFormat(f"{path}: {suffix} files are not read; {FORMATS} are.")
    return LOADERS[suffix], ""


def _kind(suffix: str, content: bytes) -> str:
    """The suffix under which such content goes; empty where the content alone does not tell."""
    if b"%PDF-" in content[:HEAD] and (suffix == ".pdf" or content.startswith(b"%PDF-")):
        return ".pdf"
    if content.startswith(b"PK\x03\x04") and (b"word/" in content[:DIRECTORY] or b"word/" in content[-DIRECTORY:]):
        return ".docx"
    if MARKUP.match(content[:HEAD]):
        return ".html"
    if suffix in BARE and OBJECT.match(content[:HEAD]) and content.rstrip()[-1:] in (b"}", b"]"):
        return ".json"
    return ""


def _told(kind: str) -> str:
    return {".pdf": "a PDF", ".docx": "a DOCX document", ".html": "HTML", ".json": "JSON"}[kind]
