"""What is kept, and for whom. Every method takes a Principal; the owner check is part of each query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from app.core.diagnosis import Diagnosis
from app.core.document import Chunk, Document
from app.core.principal import Principal
from app.core.question import Question
from app.core.standing import Entry

Status = Literal["running", "awaiting_approval", "answered", "rejected", "expired", "cancelled", "failed"]


@dataclass(frozen=True, slots=True)
class Pack:
    """The evidence pack of one answer: enough to read and replay it without the index it came from."""

    run_id: str
    question: Question
    diagnosis: Diagnosis
    index_version: int
    schema: int = 1
    decisions: tuple[Mapping[str, object], ...] = ()  # who released or refused held steps, when, why


@dataclass(frozen=True, slots=True)
class RunRow:
    id: str
    kb: str
    owner: str
    status: Status
    question: Question
    created_at: float
    finished_at: float | None = None
    error: str | None = None
    pack: Pack | None = None


class Runs(Protocol):
    """Both writes return only when they are durable."""

    async def accept(self, principal: Principal, run_id: str, question: Question) -> None:
        """Insert the row, status `running`."""
        ...

    async def commit(
        self, principal: Principal, run_id: str, status: Status, pack: Pack | None, error: str = ""
    ) -> None:
        """Set the status and store the pack in one transaction. Raises `RecordsUnavailable`, `NotFound`, and

        `Conflict` when the run has ended: only `awaiting_approval` still becomes `answered` or `rejected`, by who
        may approve, or `expired`.
        """
        ...

    async def get(self, principal: Principal, run_id: str) -> RunRow:
        """The principal's own run (any run for `admin`, any that was held for who may approve) in the knowledge

        bases it was granted. Raises `NotFound`.
        """
        ...

    async def waiting(self, principal: Principal) -> Sequence[RunRow]:
        """Runs with status `awaiting_approval` in the knowledge bases where this principal may approve."""
        ...

    def spool(self, principal: Principal, run_id: str, status: Status, pack: Pack) -> None:
        """Keep the pack in a file of the home when the database cannot take it; drained at the next start."""
        ...


@dataclass(frozen=True, slots=True)
class Gap:
    """A fault code that was asked and not known, or a question that found nothing."""

    kind: Literal["code", "question"]
    what: str
    count: int
    last_asked: float


class Gaps(Protocol):
    async def list(self, principal: Principal, kb: str, limit: int = 50) -> Sequence[Gap]:
        """Those of the principal's own runs, of all runs for `admin`; what was asked most comes first.

        A code that a document speaks of by now is left out.
        """
        ...


class Audit(Protocol):
    """Who decided what. Lines are added; there is no way to change or remove one."""

    async def note(self, entry: Entry) -> None: ...
    async def list(self, principal: Principal, limit: int = 100) -> Sequence[Entry]:
        """The newest first. Raises `Forbidden` without `admin`."""
        ...


@dataclass(frozen=True, slots=True)
class DocumentRow:
    id: str
    kb: str
    owner: str
    path: str
    title: str
    revision: str
    format: str
    digest: str  # sha256 of the stored text
    generation: int
    chunks: int
    updated_at: float
    superseded_by: str | None = None
    seal: str = ""  # of the file it was read from, with all that decides how it is read
    root: str = ""  # of the folder it was read from; empty for one that was handed in by itself


@dataclass(frozen=True, slots=True)
class Cut:
    """A document, cut: what one ingest writes. `vectors` maps `text_hash(chunk.indexed)` to float32 bytes.

    `owner` is whom the document belongs to; empty: who brings it.
    """

    document: Document
    chunks: tuple[Chunk, ...]
    vectors: Mapping[str, bytes] = field(default_factory=dict)
    model: str = ""
    seal: str = ""
    root: str = ""
    owner: str = ""


class Documents(Protocol):
    async def replace(self, principal: Principal, kb: str, cuts: Sequence[Cut]) -> int:
        """Write texts, chunks, codes and vectors, flip the generations and raise the index version, all in one

        transaction -> the new index version. Raises `RecordsUnavailable`; then nothing has changed. Also
        `InvalidInput` and `Conflict` when a document stands twice in the cuts or another knowledge base has its id.
        """
        ...

    async def remove(self, principal: Principal, kb: str, document_ids: Sequence[str]) -> int:
        """-> the index version, raised when any of them was there."""
        ...

    async def list(self, principal: Principal, kb: str) -> Sequence[DocumentRow]: ...
    async def get(self, principal: Principal, document_id: str) -> Document:
        """The active generation with its text. Raises `NotFound`."""
        ...

    async def digests(self, principal: Principal, kb: str, model: str) -> Mapping[str, str]:
        """document id -> sha256 of its text, only for documents all of whose chunks have a vector of `model`.

        Without an embedder `model` is empty, and every document is complete.
        """
        ...

    async def vectors(self, model: str, hashes: Sequence[str]) -> Mapping[str, bytes]:
        """Those of the hashes that already have a vector of this model."""
        ...
