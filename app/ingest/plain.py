"""What search reads of a block: its words without the marks of the format."""

import re
from html import unescape

from app.ingest.base import Block

MARKS = "*`<[\\~"
OPENED = re.compile(r"\s*(?:[-+>#]|\d{1,9}[.)])")
LATER = re.compile(r"\n\s*(?:[-+>#]|\d{1,9}[.)])")
LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--[^<>]*-->")
OPENING = re.compile(
    r"^[ \t]*(?:>[ \t]*)*(?:#{1,6}[ \t]+|[-*+][ \t]+(?:\[[ xX]\][ \t]+)?|\d{1,9}[.)][ \t]+)?", re.MULTILINE
)
EMPHASIS = re.compile(r"(?<!\\)(?:[*`]+|~~)")
ESCAPE = re.compile(r"\\([^\w\s])")
ROLE = re.compile(r"(?::[\w:+.-]{1,40}:)?`([^`<]*)(?:<[^`>]*>)?`_{0,2}")
NAMED = re.compile(r"\|([^|\s][^|\n]{0,60})\|")
FENCE = re.compile(r"^[ \t>]*(?:`{3,}|~{3,})[^\n]*$", re.MULTILINE)


def plain(text: str, block: Block, form: str) -> str:
    """On one line. `text` is the block's own."""
    if block.words:
        return " ".join(block.words.split())
    if form == "csv":
        text = text.replace('""', '"')
    elif block.kind == "heading":
        text = block.headings[-1]
    elif block.kind == "code":
        text = FENCE.sub("", text)
    elif form == "markdown":
        text = unmarked(text)
    elif form == "html":
        text = unescape(TAG.sub(" ", text))
    elif form == "rst":
        text = unrolled(text)
    return " ".join(text.split())


def unmarked(text: str) -> str:
    """Markdown without its marks. Most paragraphs have none, and single characters are found faster than patterns."""
    if not (any(mark in text for mark in MARKS) or OPENED.match(text) or ("\n" in text and LATER.search(text))):
        return text
    text = TAG.sub(" ", LINK.sub(r"\1", OPENING.sub("", text)))
    return ESCAPE.sub(r"\1", EMPHASIS.sub("", text))


def unrolled(text: str) -> str:
    """reStructuredText without roles, links and emphasis; a substitution that is not resolved keeps its name."""
    text = NAMED.sub(r"\1", ROLE.sub(r"\1", text.replace("**", "").replace("``", "")))
    return ESCAPE.sub(r"\1", text)
