"""BM25 over the indexed text, with every fault code also kept whole: a tantivy index in memory."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import nlargest
from typing import TYPE_CHECKING

from app.retrieval.base import IndexRow
from app.retrieval.words import analyzer

if TYPE_CHECKING:
    import tantivy

HEAP = 32 * 2**20  # bytes the writer gathers before it cuts a segment; tantivy takes no less than 15 MB
MOST_WORDS = 32  # a pasted log has thousands; the rarest ones find the passage and keep the query's time bounded


def _schema() -> "tantivy.Schema":
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name="words", index_option="freq")
    builder.add_text_field("code", tokenizer_name="raw", index_option="freq")  # "freq", or WAND is off for the query
    builder.add_text_field("document", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("row", fast=True)
    return builder.build()


@dataclass(frozen=True, slots=True)
class Reader:
    """The index as it was at one commit."""

    schema: "tantivy.Schema"
    searcher: "tantivy.Searcher"

    def weigh(self, word: str) -> float:
        """The inverse document frequency."""
        total, n = self.searcher.num_docs, self.searcher.doc_freq("text", word)
        # deleted rows are counted until their segment is merged, so a frequency may exceed the total
        return math.log(1 + (max(total - n, 0) + 0.5) / (n + 0.5))

    @property
    def strangest(self) -> float:
        """The weight of a word that no row has."""
        return self.weigh("")

    def find(
        self, weights: Mapping[str, float], also: Mapping[str, float], codes: Sequence[str], k: int
    ) -> list[tuple[int, float]]:
        """-> (row, BM25 score), best first. The query is built of terms: nothing in them is syntax.

        `weights` has the words, none of them absent; `also` further ones and what each counts beside one of those.
        """
        import tantivy

        term, should = partial(tantivy.Query.term_query, self.schema), tantivy.Occur.Should
        queries = [term("code", code) for code in codes]
        queries += [term("text", word) for word in nlargest(MOST_WORDS, weights, key=weights.__getitem__)]
        likest = nlargest(MOST_WORDS, also, key=also.__getitem__)
        queries += [tantivy.Query.boost_query(term("text", word), also[word]) for word in likest]
        if not queries:
            return []
        either = tantivy.Query.boolean_query([(should, query) for query in queries])
        hits = self.searcher.search(either, k, count=False).hits
        rows = self.searcher.fast_field_values("row", [address for _, address in hits])
        return [(int(row or 0), score) for row, (score, _) in zip(rows, hits, strict=True)]


class Writer:
    """Takes rows in and out; what it took is seen by the reader of the next commit."""

    def __init__(self) -> None:
        import tantivy

        self._document = tantivy.Document
        self._schema = _schema()
        self._index = tantivy.Index(self._schema)
        self._index.register_tokenizer("words", analyzer())
        self._index.config_reader("manual")
        self._writer = self._index.writer(heap_size=HEAP, num_threads=1)

    def forget(self, documents: Iterable[str]) -> None:
        for document in documents:
            self._writer.delete_documents_by_term("document", document)

    def add(self, first: int, rows: Iterable[IndexRow]) -> None:
        """`first` is the number of the first row; the others follow."""
        for number, row in enumerate(rows, start=first):
            document = self._document()
            document.add_text("text", row.indexed)
            for code in {*row.codes, *row.defines}:
                document.add_text("code", code)
            document.add_text("document", row.document_id)
            document.add_unsigned("row", number)
            self._writer.add_document(document)

    def commit(self) -> Reader:
        self._writer.commit()
        self._index.reload()
        return Reader(self._schema, self._index.searcher())
