"""The receipts of one answer: each place in a document gets one number."""

from app.core.diagnosis import Citation
from app.core.document import Passage


class Ledger:
    def __init__(self) -> None:
        self._entries: dict[tuple[str, int, int], Citation] = {}

    @property
    def citations(self) -> tuple[Citation, ...]:
        return tuple(self._entries.values())

    def cite(self, passage: Passage, start: int, end: int) -> Citation:
        """`start` and `end` count characters of the stored document and lie within the passage."""
        key = passage.id, start, end
        if key not in self._entries:
            self._entries[key] = _citation(f"c{len(self._entries) + 1}", passage, start, end)
        return self._entries[key]


def _citation(name: str, passage: Passage, start: int, end: int) -> Citation:
    first, last = start - passage.start, end - passage.start
    return Citation(
        id=name,
        passage_id=passage.id,
        document_id=passage.document_id,
        source=passage.source,
        section=passage.section,
        revision=passage.revision,
        line=passage.line + passage.text.count("\n", 0, first),
        page=passage.page and passage.page + passage.text.count("\f", 0, first),
        quote=passage.text[first:last],
        start=start,
        end=end,
    )
