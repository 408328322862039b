"""One file's bytes become a document and its chunks: the whole of what may go wrong with a file, in one call."""

from dataclasses import dataclass, replace

from app.core.document import Chunk, Document
from app.ingest.chunking import LIMIT, cut
from app.ingest.loaders.detect import pick
from app.ingest.loaders.metadata import Metadata, described


@dataclass(frozen=True, slots=True)
class Job:
    """`entry` is what the manifest says of the file; it wins over what the file says of itself."""

    kb: str
    path: str
    content: bytes
    entry: Metadata | None = None
    tokens: int = LIMIT


@dataclass(frozen=True, slots=True)
class Parsed:
    """The document's `superseded_by` is still what was written: a path or an id."""

    document: Document
    chunks: tuple[Chunk, ...] = ()
    warnings: tuple[str, ...] = ()


def parse(job: Job) -> Parsed:
    """Raises `UnsupportedFormat`, `InvalidDocument`."""
    load, warning = pick(job.path, job.content)
    loaded = load(job.kb, job.path, job.content)
    if job.entry:
        loaded = replace(loaded, document=described(loaded.document, job.entry))
    warnings = (*((warning,) if warning else ()), *loaded.warnings)
    return Parsed(loaded.document, cut(loaded, job.tokens), warnings)
