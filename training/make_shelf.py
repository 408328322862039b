"""Makes the PDF and Word documents of the sample shelf from their sources, the Markdown files below `training/shelf/`.

    python training/make_shelf.py

A source is named after what it becomes: `shelf/rbc/x.pdf.md` becomes `app/knowledge/rbc/x.pdf`. It opens with front
matter; its body knows headings, paragraphs, lists, tables, `<!-- page -->` for a page break and a fence called `scan`,
whose lines are painted on a page of their own: they can be seen, but there is no text to extract. The same sources
give the same bytes.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from docx import Document as WordFile
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont
from reportlab import rl_config
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import BaseDocTemplate, Frame, Image, LongTable, PageBreak, PageTemplate, Paragraph, Spacer

HERE = Path(__file__).parent
SOURCES = HERE / "shelf"
SHELF = HERE.parent / "app" / "knowledge"
FRONT = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
FENCE = re.compile(r"```scan\n(.*?)\n```", re.DOTALL)
NUMBER = re.compile(r"\d+\. ")
BULLET = re.compile(r"- (?:\[ \] )?")
EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a zip archive knows
OPERATOR = "Harrowfen & Tarn Railway"
MARGIN = 18 * mm
WIDE = 6  # columns from which on a page is laid across


@dataclass(frozen=True)
class Source:
    path: str  # of the document on the shelf
    about: dict[str, Any]
    blocks: tuple["Block", ...]

    @property
    def subject(self) -> str:
        """What the document's own properties say of its state."""
        return f"revision={self.about['revision']}; valid_from={self.about['valid_from']}"


@dataclass(frozen=True)
class Block:
    kind: str  # heading, text, numbers, bullets, table, page, scan
    lines: tuple[str, ...] = ()
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = field(default=())


def read(file: Path) -> Source:
    text = file.read_text(encoding="utf-8")
    front = FRONT.match(text)
    assert front, file
    about = yaml.safe_load(front[1])
    return Source(file.relative_to(SOURCES).as_posix().removesuffix(".md"), about, tuple(blocks(text[front.end() :])))


def blocks(body: str) -> Iterator[Block]:
    for part in re.split(r"\n{2,}", FENCE.sub(lambda scan: f"\x00{scan[1].replace(chr(10), chr(1))}", body.strip())):
        lines = part.split("\n")
        if part.startswith("\x00"):
            yield Block("scan", tuple(part[1:].split("\x01")))
        elif part == "<!-- page -->":
            yield Block("page")
        elif part.startswith("#"):
            yield Block("heading", (part.lstrip("# "),), len(part) - len(part.lstrip("#")))
        elif part.startswith("|"):
            yield Block("table", rows=tuple(cells(line) for line in lines if not line.startswith("|---")))
        elif NUMBER.match(part):
            yield Block("numbers", tuple(NUMBER.sub("", line, count=1) for line in lines))
        elif BULLET.match(part):
            yield Block("bullets", tuple(BULLET.sub("", line, count=1) for line in lines))
        else:
            yield Block("text", (" ".join(lines),))


def cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))


def pdf(source: Source) -> bytes:
    """`invariant` leaves out the clock; the font travels with reportlab and knows Ω, ± and °."""
    rl_config.invariant = 1
    for name, file in (("Vera", "Vera.ttf"), ("VeraBd", "VeraBd.ttf")):
        pdfmetrics.registerFont(TTFont(name, file))
    across = any(len(block.rows[0]) >= WIDE for block in source.blocks if block.rows)
    size = landscape(A4) if across else A4
    frame = Frame(MARGIN, MARGIN, size[0] - 2 * MARGIN, size[1] - 2 * MARGIN, 0, 0, 0, 0)
    foot = f"{source.about['title']}, revision {source.about['revision']}"

    def furnish(canvas: Any, page: Any) -> None:
        """A scanned page carries nothing but its picture."""
        if not getattr(canvas, "scanned", False):
            canvas.setFont("Vera", 7)
            canvas.drawString(MARGIN, 10 * mm, foot)
            canvas.drawRightString(size[0] - MARGIN, 10 * mm, f"Page {page.page}")
        canvas.scanned = False

    target = io.BytesIO()
    about = {"title": source.about["title"], "subject": source.subject, "author": OPERATOR}
    template = BaseDocTemplate(target, pagesize=size, **about)
    template.addPageTemplates(PageTemplate(frames=[frame], onPageEnd=furnish))
    template.build([flowable for block in source.blocks for flowable in printed(block, frame.width)])
    return target.getvalue()


class Scan(Image):  # type: ignore[misc]
    """A picture that tells the page that it is one."""

    def draw(self) -> None:
        self.canv.scanned = True
        super().draw()


def printed(block: Block, width: float) -> Iterator[Any]:
    body = ParagraphStyle("body", fontName="Vera", fontSize=9, leading=12, spaceAfter=5)
    match block.kind:
        case "heading":
            size = {1: 16, 2: 12, 3: 10}[block.level]
            shape = {"fontName": "VeraBd", "fontSize": size, "leading": size * 1.3}
            style = ParagraphStyle("heading", spaceBefore=6, spaceAfter=4, **shape)
            yield Paragraph(escaped(block.lines[0]), style)
        case "text":
            yield Paragraph(escaped(block.lines[0]), body)
        case "numbers" | "bullets":
            hanging = ParagraphStyle("item", parent=body, leftIndent=14, firstLineIndent=-14)
            for number, line in enumerate(block.lines, start=1):
                mark = f"{number}." if block.kind == "numbers" else "•"
                yield Paragraph(f"{mark} {escaped(line)}", hanging)
        case "table":
            yield table(block.rows, width)
            yield Spacer(1, 6)
        case "page":
            yield PageBreak()
        case "scan":
            yield PageBreak()
            yield scanned(block.lines, width)
            yield PageBreak()


def table(rows: tuple[tuple[str, ...], ...], width: float) -> LongTable:
    """It runs over a page break as it comes, with its head on every page."""
    style = ParagraphStyle("cell", fontName="Vera", fontSize=7, leading=9)
    bold = ParagraphStyle("head", parent=style, fontName="VeraBd")
    laid = [[Paragraph(escaped(cell), style if at else bold) for cell in row] for at, row in enumerate(rows)]
    columns = widths(rows, width)
    lines = [("GRID", (0, 0), (-1, -1), 0.4, "#888888"), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    return LongTable(laid, colWidths=columns, repeatRows=1, style=lines)


def widths(rows: tuple[tuple[str, ...], ...], width: float) -> list[float]:
    """No word, and so no fault code, is broken; what is left goes to the columns with the longest cells."""
    columns = list(zip(*rows, strict=True))
    words = [[word for cell in column for word in cell.split()] or [""] for column in columns]
    least = [max(pdfmetrics.stringWidth(word, "VeraBd", 7) for word in column) + 14 for column in words]
    wishes = [max(len(cell) for cell in column) for column in columns]
    spare = width - sum(least)
    return [low + spare * wish / sum(wishes) for low, wish in zip(least, wishes, strict=True)]


def scanned(lines: tuple[str, ...], width: float) -> Scan:
    """A page as a scanner leaves it: grey, a little crooked, and without a letter in it."""
    picture = Picture.new("L", (700, 900), 236)
    pen, font = ImageDraw.Draw(picture), ImageFont.truetype(TTFont("Vera", "Vera.ttf").face.filename, 17)
    for at, line in enumerate(lines):
        pen.text((50, 60 + 34 * at), line, fill=60, font=font)
    crooked = picture.rotate(1.2, fillcolor=225).quantize(8)
    held = io.BytesIO()
    crooked.save(held, "PNG", optimize=True)
    held.seek(0)
    return Scan(held, width=min(width, 150 * mm), height=min(width, 150 * mm) * 900 / 700)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("**", "")


def word(source: Source) -> bytes:
    made = WordFile()
    properties = made.core_properties
    properties.title = source.about["title"]
    properties.subject = source.subject
    properties.version = str(source.about["revision"])
    properties.author = properties.last_modified_by = OPERATOR
    properties.comments = ""
    properties.created = properties.modified = datetime(2026, 1, 1, tzinfo=UTC)
    for block in source.blocks:
        written(made, block)
    target = io.BytesIO()
    made.save(target)
    return undated(target.getvalue())


def written(made: Any, block: Block) -> None:
    match block.kind:
        case "heading":
            made.add_heading(block.lines[0], level=block.level)
        case "text":
            made.add_paragraph(block.lines[0])
        case "numbers" | "bullets":
            style = "List Number" if block.kind == "numbers" else "List Bullet"
            for line in block.lines:
                made.add_paragraph(line, style=style)
        case "table":
            grid = made.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
            for row in block.rows:
                for cell, text in zip(grid.add_row().cells, row, strict=True):
                    cell.text = text
        case "page":
            made.add_page_break()


def undated(content: bytes) -> bytes:
    """The same archive with one date for every member."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for member in sorted(old.namelist()):
            new.writestr(zipfile.ZipInfo(member, EARLIEST), old.read(member), zipfile.ZIP_DEFLATED)
    return target.getvalue()


MAKERS = {".pdf": pdf, ".docx": word}


def main() -> None:
    for file in sorted(SOURCES.rglob("*.md")):
        source = read(file)
        target = SHELF / source.path
        target.parent.mkdir(parents=True, exist_ok=True)
        print(f"{source.path}: {target.write_bytes(MAKERS[target.suffix](source)):,} bytes")


if __name__ == "__main__":
    main()
