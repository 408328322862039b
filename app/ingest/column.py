"""One column of the tables in a file, cell by cell, as the loaders read it."""

from app.core.errors import InvalidInput
from app.ingest.loaders.detect import pick
from app.ingest.plain import plain


def column(path: str, content: bytes, name: str) -> list[str]:
    """Raises `InvalidInput` that names the columns there are, `InvalidDocument`, `UnsupportedFormat`."""
    load, _ = pick(path, content)
    loaded = load("main", path, content)
    document = loaded.document
    cells = [block for block in loaded.blocks if block.kind == "cell"]
    wanted = [cell for cell in cells if _folded(cell.label) == _folded(name)]
    if not wanted:
        there = ", ".join(repr(label) for label in dict.fromkeys(cell.label for cell in cells) if label) or "none"
        raise InvalidInput(f"{path}: no table has a column {name!r}.", hint=f"Columns: {there}.")
    return [plain(document.text[cell.start : cell.end], cell, document.format) for cell in wanted]


def _folded(label: str) -> str:
    return " ".join(label.casefold().split())
