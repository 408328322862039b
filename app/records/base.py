"""What is kept, and for whom. Every method takes a Principal; the owner check is part of each query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from app.core.brief import Identity
from app.core.diagnosis import Diagnosis
from app.core.document import Chunk, Document, Passage
from app.core.principal import Principal
from app.core.question import Question
from app.core.revision import Differs
from app.core.settings.records import RecordsSettings
from app.core.standing import Entry
from app.core.statement import Checked

Status = Literal["running", "awaiting_approval", "answered", "rejected", "expired", "cancelled", "failed"]


@dataclass(frozen=True, slots=True)
class Source:
    """A passage as it was found, by which a later reader can tell whether it is still the same."""

    passage_id: str
    document_id: str
    revision: str
    score: float
    digest: str  # sha256 of its text


@dataclass(frozen=True, slots=True)
class Voided:
    """What an analyzer said of which nothing could be proved, before another one answered."""

    statements: tuple[Checked, ...]
    identity: Identity | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """The evidence pack of one answer: enough to read and replay it without the index it came from.

    Fields are only added: what a pack of an earlier release does not have takes its default.
    """

    run_id: str
    question: Question
    diagnosis: Diagnosis
    index_version: int
    schema: int = 1
    decisions: tuple[Mapping[str, object], ...] = ()  # who released or refused held steps, when, why
    sources: tuple[Source, ...] = ()  # all that was found, best first
    unshown: tuple[Passage, ...] = ()  # those of them that the answer does not show
    relevance: float = 0.0
    differs: tuple[Differs, ...] = ()
    statements: tuple[Checked, ...] = ()  # every one that was said, with its mark and the reasons; struck ones too
    voided: Voided | None = None
    identity: Identity | None = None  # of the analyzer that answered; None when none was asked
    dropped: tuple[str, ...] = ()  # passages that did not fit its context
    seed: int | None = None
    prompt_digest: str = ""
    approval: bool = False  # whether critical steps were to be held
    code: str = ""  # version and digest of the code that answered


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
class Swept:
    """How many of each kind were older than the settings keep them."""

    runs: int = 0
    gaps: int = 0
    benchmarks: int = 0

    @property
    def any(self) -> bool:
        return bool(self.runs or self.gaps or self.benchmarks)


class Expiry(Protocol):
    async def sweep(self, keep: RecordsSettings) -> Swept:
        """Short writes, one after the other; runs that wait for a person stay. Lines in the audit tell of it."""
        ...

    async def delete(self, principal: Principal, run_id: str, reason: str = "") -> None:
        """A run and all that stands with it, for good: one's own, any for `admin`. A line in the audit stays.

        Raises `NotFound`, and `Conflict` for a run that has not ended.
        """
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
