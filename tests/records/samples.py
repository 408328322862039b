"""Documents, packs and principals that the tests of the records share."""

import hashlib

from app.core.diagnosis import Citation, Diagnosis, FaultCode, Step
from app.core.document import Applicability, Chunk, Document, Part, Passage
from app.core.ids import chunk_id, document_id, text_hash
from app.core.principal import Principal
from app.core.question import Question
from app.records.base import Cut, Pack

ANNA = Principal("anna", frozenset({"ask", "ingest"}), frozenset({"main"}))
BORIS = Principal("boris", frozenset({"ask", "ingest"}), frozenset({"main", "depot"}))
CARLA = Principal("carla", frozenset({"ask", "approve"}), frozenset({"main"}))
ADMIN = Principal("root", frozenset({"admin"}), frozenset({"main"}))
STRANGER = Principal("stranger", frozenset({"ask", "ingest", "approve"}), frozenset({"elsewhere"}))


def document(path: str, text: str, kb: str = "main", revision: str = "A") -> Document:
    applies = Applicability(("VT-2",), ("4.1", "4.2"))
    return Document(
        document_id(kb, path), kb, path, f"Title of {path}", text, "markdown", revision, applicability=applies
    )


def chunk(owner: Document, ordinal: int, start: int, end: int) -> Chunk:
    """The first chunk of a document defines E73-B, each mentions it."""
    text = owner.text[start:end]
    middle = (start + end) // 2
    return Chunk(
        id=chunk_id(owner.id, owner.revision, start, end, text),
        document_id=owner.id,
        ordinal=ordinal,
        start=start,
        end=end,
        line=ordinal + 1,
        text=text,
        indexed=f"Manual\n{text}",
        section=f"{owner.title} > {ordinal}",
        role="cause",
        parts=(Part("cause", start, middle), Part("remedy", middle, end)),
        codes=("E73-B",),
        defines=("E73-B",) if ordinal == 0 else (),
    )


def cut(
    path: str,
    chunks: int = 3,
    *,
    kb: str = "main",
    revision: str = "A",
    words: int = 8,
    model: str = "",
    shared: str = "",
) -> Cut:
    """A document of so many lines, each a chunk; documents with the same `shared` word have equal texts."""
    lines = [f"{shared or path} {revision} E73-B line {n} " + "brake pressure " * (words // 2) for n in range(chunks)]
    owner = document(path, "\n".join(lines), kb, revision)
    pieces, start = [], 0
    for n, line in enumerate(lines):
        pieces.append(chunk(owner, n, start, start + len(line)))
        start += len(line) + 1
    vectors = {text_hash(piece.indexed): vector(piece.indexed) for piece in pieces} if model else {}
    return Cut(owner, tuple(pieces), vectors, model)


def vector(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest() * 48  # 384 floats of 4 bytes


def question(text: str = "What is E73-B?", kb: str = "main") -> Question:
    return Question(text, kb=kb, conversation_id="talk")


def pack(run: str, summary: str = "A valve is stuck.", kb: str = "main") -> Pack:
    passages = tuple(_passage(n) for n in range(8))
    citations = (Citation("c1", "p0", "main/a.md", "a.md", "A > 1", "A", 1, "brake pressure", 3, 17),)
    diagnosis = Diagnosis(
        run,
        "answered",
        summary,
        fault_codes=(FaultCode("E73-B", "e73b", known=True, meaning="Brake pressure low", citations=("c1",)),),
        steps=(Step("Measure the pressure.", "measure", ("c1",), "4.8 bar"),),
        passages=passages,
        citations=citations,
    )
    return Pack(run, question(kb=kb), diagnosis, index_version=3)


def _passage(n: int) -> Passage:
    text = f"E73-B line {n} " + "brake pressure " * 30
    parts = (Part("cause", 0, 20), Part("remedy", 20, len(text)))
    return Passage(
        id=f"p{n}",
        document_id="main/a.md",
        source="a.md",
        title="A",
        section=f"A > {n}",
        revision="A",
        superseded_by=None,
        start=0,
        end=len(text),
        line=n + 1,
        text=text,
        role="cause",
        parts=parts,
        codes=("E73-B",),
        score=1.0 / (n + 1),
        why={"code": 0.5, "dense": 0.25},
    )
