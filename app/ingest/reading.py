"""One file at a time: is it new, what does it hold, which document follows it. Runs in a worker thread."""

import hashlib
import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from app.core.document import Chunk, Document
from app.core.errors import InvalidDocument, UnsupportedFormat
from app.core.ids import document_id
from app.faults import own
from app.ingest.base import Outcome
from app.ingest.loaders import PLAIN
from app.ingest.loaders.detect import pick
from app.ingest.manifest import Manifest
from app.ingest.parse import Job, Parsed, parse
from app.ingest.walk import Found, too_large
from app.records.base import DocumentRow

READER = b"3"  # raised when files are to be read anew although they have not changed
Ahead = Callable[[], Parsed]


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one file. With a document, `outcome` holds once that is written."""

    outcome: Outcome
    document: Document | None = None
    chunks: tuple[Chunk, ...] = ()
    seal: str = ""
    owner: str = ""


@dataclass
class Shelf:
    """What one knowledge base holds already, while files are read into it.

    `apart` reads a file in a process of its own; what is safe is read here.
    """

    kb: str
    rows: Mapping[str, DocumentRow]  # by path
    complete: Collection[str]  # ids of documents that need no new vectors
    chunk_tokens: int
    apart: Callable[[Job], "Future[Parsed]"]
    files: Mapping[str, Found] = field(default_factory=dict)  # the folder that is read, by path
    manifest: Manifest = field(default_factory=Manifest)
    root: str = ""
    size_limit: int = 64 * 2**20
    taken: dict[str, str] = field(default_factory=dict)  # document id -> path, in this ingest
    ids: dict[str, str] = field(default_factory=dict)  # path -> document id, in this ingest
    ahead: dict[str, tuple[str, Ahead]] = field(default_factory=dict)  # opened before their turn: seal, parsed

    def read_all(self, entries: Sequence[Found | Outcome]) -> list[Reading]:
        """What is read apart is begun first, so that both are read at the same time."""
        for entry in entries:
            if isinstance(entry, Found) and entry.path not in self.ahead:
                self.ahead[entry.path] = self._begin(entry)
        return [Reading(entry) if isinstance(entry, Outcome) else self._read_file(entry) for entry in entries]

    def _read_file(self, found: Found) -> Reading:
        try:
            return self._finish(found.path, *self.ahead.pop(found.path))
        except (InvalidDocument, UnsupportedFormat) as error:
            line = error.line if isinstance(error, InvalidDocument) else None
            return Reading(
                Outcome(found.path, "refused", line=line, reason=error.message.removeprefix(f"{found.path}: "))
            )

    def read(self, path: str, content: bytes) -> Reading:
        """Raises `UnsupportedFormat`, `InvalidDocument`."""
        return self._finish(path, *self._open(path, content))

    def _begin(self, found: Found) -> tuple[str, Ahead]:
        try:
            return self._open(found.path, content_of(found, self.size_limit))
        except OSError as error:
            return "", _raising(InvalidDocument(f"the file cannot be read: {error.strerror}"))
        except (InvalidDocument, UnsupportedFormat) as error:
            return "", _raising(error)

    def _open(self, path: str, content: bytes) -> tuple[str, Ahead]:
        """The seal of the file, and how to get at what it holds. Raises `UnsupportedFormat`, `InvalidDocument`."""
        if path in self.manifest.wrong:
            raise self.manifest.wrong[path]
        entry = self.manifest.entries.get(path)
        seal = _seal(content, repr(entry) if entry else "")
        job = Job(self.kb, path, content, entry, self.chunk_tokens)
        if self._known(path, seal) and self.rows[path].superseded_by is None:
            return seal, lambda: parse(job)  # nobody will ask, unless it is somebody's successor
        load, _ = pick(path, content)
        if load in PLAIN:
            return seal, lambda: parse(job)
        return seal, self.apart(job).result

    def _finish(self, path: str, seal: str, parsed: Ahead) -> Reading:
        row = self.rows.get(path)
        known = self._known(path, seal)
        if row and known and row.superseded_by is None:
            self._take(row.id, path)
            return Reading(Outcome(path, "unchanged", row.chunks))
        found = parsed()
        document = replace(found.document, superseded_by=self._successor(found.document))
        self._take(document.id, path)
        if row and known and row.superseded_by == document.superseded_by:
            return Reading(Outcome(path, "unchanged", row.chunks))
        outcome = Outcome(path, "read", len(found.chunks), warnings=found.warnings)
        return Reading(outcome, document, found.chunks, seal, self.manifest.owner(path))

    def _known(self, path: str, seal: str) -> bool:
        row = self.rows.get(path)
        return row is not None and row.seal == seal and row.id in self.complete and row.root == self.root

    def left_behind(self, documents: Sequence[Document]) -> list[str]:
        """Ids under which these paths are stored, but which no file of this ingest has any more."""
        stored = (self.rows[document.path].id for document in documents if document.path in self.rows)
        return [document for document in stored if document not in self.taken]

    def vanished(self, unseen: Sequence[str]) -> Iterator[DocumentRow]:
        """Documents that came from this folder and whose file is there no more. `unseen` folders tell nothing."""
        for path, row in self.rows.items():
            hidden = any(path.startswith(f"{folder}/") for folder in unseen)
            if self.root and row.root == self.root and path not in self.files and path not in unseen and not hidden:
                yield row

    def _take(self, document: str, path: str) -> None:
        first = self.taken.setdefault(document, path)
        if first != path:
            raise InvalidDocument(f"{path}: its id {document!r} belongs to {first} already.")
        self.ids[path] = document

    def _successor(self, document: Document) -> str | None:
        """`superseded_by` names a path from the folder or from the file's own place, or another document's id."""
        name = document.superseded_by
        if name is None:
            return None
        beside = PurePosixPath(document.path).parent / name
        target = self._at(_normal(PurePosixPath(name))) or self._at(_normal(beside)) or document_id(self.kb, name)
        if target == document.id:
            raise InvalidDocument(f"{document.path}: it says that it is superseded by itself.")
        return target

    def _at(self, path: str) -> str | None:
        """The id of the document at this path, if there is one. A file is read ahead of its turn to tell."""
        if path in self.ids:
            return self.ids[path]
        if path not in self.files:
            return self.rows[path].id if path in self.rows else None
        if path not in self.ahead:
            self.ahead[path] = self._begin(self.files[path])
        seal, parsed = self.ahead[path]
        if self._known(path, seal):
            return self.rows[path].id
        try:
            found = parsed()
        except (InvalidDocument, UnsupportedFormat):  # its own turn will say what is wrong with it
            return document_id(self.kb, path)
        self.ahead[path] = seal, lambda: found
        return found.document.id


def content_of(found: Found, limit: int) -> bytes:
    """Without waiting: what was a file a moment ago may be a pipe by now, or have grown."""
    descriptor = os.open(found.file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InvalidDocument(f"{found.path}: not a regular file.")
        content = file.read(limit + 1)
    if len(content) > limit:
        raise InvalidDocument(f"{found.path}: {too_large(len(content), limit)}.")
    return content


def named_file(path: Path, limit: int) -> bytes:
    """Of a file that somebody named by itself; a link is followed. Raises `InvalidDocument`."""
    try:
        return content_of(Found(path.name, path.resolve(), 0), limit)
    except OSError as error:
        raise InvalidDocument(f"{path.name}: the file cannot be read: {error.strerror}.") from error


def _seal(content: bytes, entry: str) -> str:
    """Other grammars find other codes in the same file."""
    return hashlib.sha256(b"\0".join((READER + own.mark(), entry.encode(), content))).hexdigest()


def _raising(error: InvalidDocument | UnsupportedFormat) -> Ahead:
    def fail() -> Parsed:
        raise error

    return fail


def _normal(path: PurePosixPath) -> str:
    """Without `..`; empty when it leads out of the folder."""
    parts: list[str] = []
    for part in path.parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            return ""
    return "/".join(parts)
