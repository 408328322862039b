"""What holds of every document that a loader lets in, whatever it was made from."""

from app.core.errors import InvalidDocument
from app.ingest.base import Loaded
from app.ingest.chunking import cut
from app.ingest.loaders import LOADERS


def check(suffix: str, content: bytes) -> Loaded | None:
    """Load and cut; None when the file is refused in the way that files are refused."""
    try:
        loaded = LOADERS[suffix]("main", f"file{suffix}", content)
    except InvalidDocument as error:
        assert error.message.startswith(f"file{suffix}")
        return None
    places(loaded)
    chunks(loaded)
    return loaded


def places(loaded: Loaded) -> None:
    text, last = loaded.document.text, 0
    text.encode()
    assert loaded.blocks
    for block in loaded.blocks:
        assert last <= block.start <= block.end <= len(text), block
        assert block.end > block.start or block.kind == "dropped", block
        last = block.end


def chunks(loaded: Loaded) -> None:
    text, last = loaded.document.text, 0
    for ordinal, chunk in enumerate(cut(loaded)):
        assert chunk.ordinal == ordinal
        assert last <= chunk.start < chunk.end <= len(text)
        assert chunk.text == text[chunk.start : chunk.end]
        assert chunk.text.strip()
        inner = chunk.start
        for part in chunk.parts:
            assert inner <= part.start < part.end <= chunk.end
            inner = part.end
        assert (chunk.page is not None) >= (loaded.document.format == "pdf")
        last = chunk.end
