"""Parts of a diagnosis in the words that a person reads, on a terminal and in a chat alike."""

from collections.abc import Sequence

from app.core.diagnosis import Citation, FaultCode


def marked(text: str, citations: Sequence[str]) -> str:
    return " ".join([text, *(f"[{citation}]" for citation in citations)])


def lookalikes(code: FaultCode) -> str:
    near = "; ".join(f"{other.code}: {other.why}" for other in code.near)
    return f". Other codes that look like it: {near}" if near else ""


def source(citation: Citation) -> str:
    place = f"page {citation.page}" if citation.page else f"line {citation.line}"
    revision = f" rev {citation.revision}" if citation.revision else ""
    return f"[{citation.id}] {citation.source}{revision}, {place}: “{citation.quote}”"
