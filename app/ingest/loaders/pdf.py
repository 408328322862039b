"""PDF: the text of each page as it is laid out; lines become headings, paragraphs, list items and table rows."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from app.core.errors import InvalidDocument
from app.ingest.base import Loaded
from app.ingest.loaders.layout import EDGE, Composer, Style, masked
from app.ingest.loaders.metadata import assignments
from app.ingest.loaders.written import clean

PAGES = 5000
NAMELESS = frozenset({"(anonymous)", "untitled", "unspecified"})  # titles that programs give


def load_pdf(kb: str, path: str, content: bytes) -> Loaded:
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of every blemish that it mends
    try:
        title, subject, pages, styles = _read(path, content)
    except InvalidDocument:
        raise
    except RecursionError as error:
        raise InvalidDocument(f"{path}: it is nested too deep.") from error
    except Exception as error:  # whatever breaks in there, it is this file that breaks it
        raise InvalidDocument(f"{path}: it is damaged and cannot be read as PDF: {type(error).__name__}.") from error
    empty = [number for number, page in enumerate(pages, start=1) if not any(line.strip() for line in page)]
    if len(empty) == len(pages):
        raise InvalidDocument(
            f"{path}: none of its {len(pages)} pages holds text; it is scanned.",
            hint="Recognise the text (OCR) and ingest the result.",
        )
    metadata = assignments(path, title, subject)
    composer = Composer(styles, _running(pages))
    for number, page in enumerate(pages):
        if number:
            composer.turn()
        composer.page(page)
    composer.end()
    document = metadata.document(kb, composer.out.text, "pdf", composer.title)
    return Loaded(document, tuple(composer.out.blocks), _told(empty))


def _told(empty: Sequence[int]) -> tuple[str, ...]:
    if not empty:
        return ()
    numbers = ", ".join(map(str, empty[:20])) + (" …" if len(empty) > 20 else "")
    return (
        (f"page {numbers} holds no text (a picture?) and was not read",)
        if len(empty) == 1
        else (f"pages {numbers} hold no text (pictures?) and were not read",)
    )


def _read(path: str, content: bytes) -> tuple[str, str, list[list[str]], Mapping[str, Style]]:
    from pypdf import PdfReader

    reader = PdfReader(BytesIO(content), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise InvalidDocument(f"{path}: it is protected by a password.", hint="Remove the protection first.")
    if len(reader.pages) > PAGES:
        raise InvalidDocument(f"{path}: it has more than {PAGES} pages.", hint="Split the document.")
    if not reader.pages:
        raise InvalidDocument(f"{path}: it has no pages.")
    info = reader.metadata
    styles: dict[str, Style] = {}
    pages = [_lines(page, styles) for page in reader.pages]
    title = clean((info and info.title) or "")
    return "" if title.strip().lower() in NAMELESS else title, clean((info and info.subject) or ""), pages, styles


def _lines(page: Any, styles: dict[str, Style]) -> list[str]:
    """As they stand on the page, columns kept apart by blanks. `styles` learns the type of each line's text."""
    runs: list[tuple[float, str, float, bool]] = []  # height on the page, text, size, bold

    def hear(text: str, outer: Any, place: Any, font: Any, size: float) -> None:
        if text.strip():
            name = str((font or {}).get("/BaseFont", ""))
            scale = abs(float(place[3]) * float(outer[3])) or 1.0
            height = float(place[5]) * float(outer[3]) + float(outer[5])
            runs.append((round(height, 1), text, float(size) * scale, "bold" in name.lower()))

    plain = page.extract_text(visitor_text=hear)
    if not plain.strip():
        return []
    for line, style in _styled(runs):
        styles.setdefault(line, style)
    laid = page.extract_text(extraction_mode="layout")
    return [clean(line).rstrip() for line in (laid if laid.strip() else plain).splitlines()]


def _styled(runs: Sequence[tuple[float, str, float, bool]]) -> list[tuple[str, Style]]:
    rows: dict[float, list[tuple[str, float, bool]]] = {}
    for height, text, size, bold in runs:
        rows.setdefault(height, []).append((text, size, bold))
    return [
        (
            "".join("".join(text for text, _, _ in row).split()),
            Style(round(max(size for _, size, _ in row), 1), all(bold for _, _, bold in row)),
        )
        for row in rows.values()
    ]


def _running(pages: Sequence[Sequence[str]]) -> frozenset[str]:
    """Lines that stand at the edge of most pages, but for their numbers: titles that run along.

    Of two pages only a numbered line is sure to be one.
    """
    told: Counter[str] = Counter()
    full = [[line for line in page if line.strip()] for page in pages]
    for page in full:
        told.update({masked(line) for line in (*page[:EDGE], *page[-EDGE:])})
    full = [page for page in full if page]
    enough = max(3, len(full) * 0.6)
    return frozenset(
        line for line, count in told.items() if count >= enough or ("#" in line and count == len(full) > 1)
    )
