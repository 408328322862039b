"""HTML: what a reader of the page sees, each piece with its place in the source; scripts and navigation left out."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from app.core.errors import InvalidDocument
from app.ingest.base import Block, Loaded
from app.ingest.loaders.markup import SKIPPED, Page
from app.ingest.loaders.metadata import Entry, Metadata, ours
from app.ingest.loaders.text import decode, line_starts

NOISE = 400  # characters of markup between two blocks from which on they are no part of a passage


def load_html(kb: str, path: str, content: bytes) -> Loaded:
    text = decode(path, content)
    page = read(text)
    metadata = Metadata(path, _entries(page.meta))
    if not any(block.kind not in ("furniture", "dropped") for block in page.blocks):
        raise InvalidDocument(f"{path}: there is no text between its tags.")
    document = metadata.document(kb, text, "html", " ".join(page.title.split()) or page.heading)
    return Loaded(document, tuple(_without_noise(page.blocks, text)))


def read(text: str) -> Page:
    """A part that is skipped but never closed would take the rest of the page with it: then it is read."""
    skipped = SKIPPED
    while True:
        page = Page(text, line_starts(text.replace("\r", " ")), skipped)
        page.feed(text)
        page.close()
        page.flush()
        page.end_row()
        if page.skipping not in skipped:
            return page
        skipped -= {page.skipping}


def _entries(meta: Sequence[tuple[str, str, int]]) -> Mapping[str, Entry]:
    """`<meta name="revision" content="B">`; names that are not ours are the page's own."""
    return {name: ours(name, content, line) for name, content, line in meta}


def _without_noise(blocks: Sequence[Block], text: str) -> Iterator[Block]:
    """What stands before, after or far between the blocks belongs to no passage."""
    edges = [Block(0, 0), *blocks, Block(len(text), len(text))]
    for before, after in pairwise(edges):
        outer = before is edges[0] or after is edges[-1]
        if after.start > before.end and (outer or after.start - before.end > NOISE):
            yield Block(before.end, after.start, group=-1, kind="dropped")
        if after is not edges[-1]:
            yield after
