"""The sample shelf as plain text, format by format, read without any of the service's loaders."""

import csv
import json
import re
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from bs4 import BeautifulSoup

from app.faults.roles import of_column, of_heading

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SHELF = ROOT / "app" / "knowledge"
SOURCES = ROOT / "training" / "shelf"  # what the PDF and Word documents are made from
MANIFEST = SHELF / "manifest.yaml"
SCAN = re.compile(r"```scan\n.*?\n```\n", re.DOTALL)  # painted, so no reader finds a word of it
MARKS = {".csv": "#", ".tsv": "#", ".log": "#", ".txt": "#", ".py": "#", ".yaml": "#", ".c": "//", ".st": "//"}


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def text(path: str) -> str:
    """Front matter or comments included; of a made document, its source without what is only painted."""
    made = SOURCES / f"{path}.md"
    if made.exists():
        return SCAN.sub("", made.read_text(encoding="utf-8"))
    return (SHELF / path).read_text(encoding="utf-8")


PATHS = sorted(
    file.relative_to(SHELF).as_posix() for file in SHELF.rglob("*") if file.is_file() and file.suffix != ".pyc"
)
PATHS.remove("manifest.yaml")
TEXTS = {path: text(path) for path in PATHS}


def suffix(path: str) -> str:
    return PurePosixPath(path).suffix


def is_markdown(path: str) -> bool:
    return suffix(path) in {".md", ".pdf", ".docx"}


@cache
def manifest() -> dict[str, dict[str, Any]]:
    return {entry["path"]: entry for entry in yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))}


def metadata(path: str) -> dict[str, Any]:
    """What the file says of itself; nothing where its format has no place for it."""
    if is_markdown(path):
        found = yaml.safe_load(TEXTS[path].split("---\n")[1])
        assert isinstance(found, dict)
        return found
    if suffix(path) in {".html", ".shtml"}:
        page = soup(path)
        told = {str(meta["name"]): str(meta["content"]) for meta in page.find_all("meta", attrs={"name": True})}
        return {"title": page.title.get_text() if page.title else "", **told}
    mark = MARKS.get(suffix(path), "#")
    lines = TEXTS[path].splitlines()
    return dict(line.removeprefix(f"{mark} ").split(": ", 1) for line in lines if re.match(rf"{mark} [a-z_]+: ", line))


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [part.strip() for part in str(value or "").split(",") if part.strip()]


@cache
def soup(path: str) -> BeautifulSoup:
    return BeautifulSoup(TEXTS[path], "lxml")


def table(path: str) -> list[dict[str, str]]:
    lines = [line for line in TEXTS[path].splitlines() if not line.startswith("# ")]
    delimiter = max("\t;,", key=lines[0].count)
    return list(csv.DictReader(lines, restkey="surplus", delimiter=delimiter))


def about(row: dict[str, Any]) -> tuple[str, set[str | None]]:
    """The one section or table row that is about this code: its words, and the roles that it fills."""
    path, code = row["source"], row.get("via") or row["code"]
    if is_markdown(path):
        return _in_markdown(TEXTS[path], code)
    if suffix(path) == ".html":
        return _in_html(soup(path), code)
    (cells,) = [cells for cells in table(path) if next(iter(cells.values())) == code]
    return "\n".join(cells.values()), {of_column(column) for column, cell in cells.items() if cell}


def _in_markdown(document: str, code: str) -> tuple[str, set[str | None]]:
    sections = [part for part in document.split("\n## ")[1:] if re.match(rf"{re.escape(code)}(?!\w)", part)]
    if sections:
        (section,) = sections
        return section, {of_heading([line[4:]]) for line in section.splitlines() if line.startswith("### ")}
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in document.splitlines() if line[:1] == "|"]
    (cells,) = [cells for cells in lines if cells[0] == code]
    return "\n".join(cells), {of_column(column) for column, cell in zip(lines[0], cells, strict=True) if cell}


def _in_html(page: BeautifulSoup, code: str) -> tuple[str, set[str | None]]:
    sections = [part for part in page.find_all("section") if part.get_text(" ", strip=True).split(" ")[0] == code]
    if sections:
        (section,) = sections
        return section.get_text(" "), {of_heading([head.get_text()]) for head in section.find_all("h3")}
    names = [cell.get_text() for cell in page.find_all("th")]
    (line,) = [line for line in page.find_all("tr") if (first := line.find("td")) and first.get_text() == code]
    cells = [cell.get_text(" ") for cell in line.find_all("td")]
    return "\n".join(cells), {of_column(name) for name, cell in zip(names, cells, strict=True) if cell}
