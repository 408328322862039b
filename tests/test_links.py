"""Every relative link and every anchor in the README and the docs leads somewhere."""

import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
HTML_LINK = re.compile(r"""(?:href|src)\s*=\s*["']([^"']+)""")
HTML_ANCHOR = re.compile(r"""\b(?:id|name)\s*=\s*["']([^"']+)""")


def tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text())


def inline(page: Path) -> list[Token]:
    return [part for token in tokens(page) for part in [token, *(token.children or [])]]


def links(page: Path) -> list[str]:
    found: list[str] = []
    for token in inline(page):
        found += [str(token.attrs[key]) for key in ("href", "src") if key in token.attrs]
        if token.type in ("html_inline", "html_block"):
            found += HTML_LINK.findall(token.content)
    return found


def anchors(page: Path) -> set[str]:
    """As GitHub makes them: the heading in lower case, hyphens for spaces, a number behind one that comes again."""
    found: set[str] = set()
    parsed = tokens(page)
    for before, token in pairwise(parsed):
        if before.type == "heading_open":
            shown = "".join(part.content for part in token.children or [] if part.type in ("text", "code_inline"))
            slug = re.sub(r"[^\w\- ]", "", shown.strip().lower()).replace(" ", "-")
            again = sum(1 for number in range(99) if (f"{slug}-{number}" if number else slug) in found)
            found.add(f"{slug}-{again}" if again else slug)
    for token in inline(page):
        if token.type in ("html_inline", "html_block"):
            found |= set(HTML_ANCHOR.findall(token.content))
    return found


def broken(page: Path, link: str) -> str | None:
    if ELSEWHERE.match(link):
        return None
    path, _, anchor = link.partition("#")
    target = (page.parent / unquote(path)).resolve() if path else page
    if not target.is_relative_to(ROOT.resolve()) and not target.is_relative_to(page.parent.resolve()):
        return f"{link}: leads out of the project"
    if not target.exists():
        return f"{link}: no such file"
    if anchor and target.suffix == ".md" and unquote(anchor) not in anchors(target):
        return f"{link}: no such heading"
    return None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [wrong for link in links(page) if (wrong := broken(page, link))] == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page, other = tmp_path / "page.md", tmp_path / "other.md"
    other.write_text("# The house, and its *rooms*\n\n## Twice\n\n## Twice\n\n<a id='by-hand'></a>\n")
    page.write_text(
        "# Page\n[a](gone.md) [b](other.md#gone) [c](#gone) ![d](gone.png) <img src='gone.svg'> [e][ref]\n"
        "`[no](link.md)`\n"
        "\n[ref]: gone-too.md\n\n| x |\n|---|\n| [f](gone-from-table.md) |\n\n```\n[no](code.md)\n```\n"
        "[ok](other.md#the-house-and-its-rooms) [ok](other.md#twice-1) [ok](other.md#by-hand) [ok](#page)"
        " [ok](https://example.org/gone) [ok](mailto:a@example.org)\n"
    )
    wrong = [message for link in links(page) if (message := broken(page, link))]
    assert wrong == [
        "gone.md: no such file",
        "other.md#gone: no such heading",
        "#gone: no such heading",
        "gone.png: no such file",
        "gone.svg: no such file",
        "gone-too.md: no such file",
        "gone-from-table.md: no such file",
    ]
