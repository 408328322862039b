"""One knowledge base in memory: changes go in, immutable views come out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace

import numpy as np

from app.retrieval.base import Changes, IndexRow
from app.retrieval.stores.matrix import Matrix
from app.retrieval.stores.sparse import Writer
from app.retrieval.stores.view import CodeRows, View


class Index:
    """Used by one thread at a time. A change that fails halfway spoils it: build another."""

    def __init__(self, dimensions: int) -> None:
        self._rows: list[IndexRow] = []
        self._matrix = Matrix(dimensions)
        self._writer = Writer()
        self.view = View(0, self._rows, {}, {}, self._matrix.view(), self._writer.commit())

    def dead_after(self, changes: Changes) -> int:
        """How many rows would be held in vain once these changes were in."""
        return len(self.view.dead) + len(_gone(self.view, changes))

    def apply(self, changes: Changes) -> View:
        old = self.view
        gone = _gone(old, changes)
        first = len(self._rows)
        self._writer.forget(changes.documents & old.documents.keys())
        self._writer.add(first, changes.rows)
        missing = self._matrix.extend([row.vector for row in changes.rows])
        self._rows.extend(replace(row, indexed="", vector=None) for row in changes.rows)
        added = range(first, len(self._rows))
        dead, unseen = old.dead | gone, (old.unseen - gone).union(missing)
        self.view = View(
            version=changes.version,
            rows=self._rows,
            documents=_documents(old.documents, changes, first),
            codes=_codes(old.codes, self._rows, gone, added),
            vectors=self._matrix.view(),
            reader=self._writer.commit(),
            dead=dead,
            unseen=unseen,
            blind=np.array(sorted(dead | unseen), dtype=np.intp),
        )
        return self.view


def _gone(view: View, changes: Changes) -> frozenset[int]:
    return frozenset(row for document in changes.documents for row in view.documents.get(document, ()))


def _documents(old: Mapping[str, tuple[int, ...]], changes: Changes, first: int) -> Mapping[str, tuple[int, ...]]:
    added: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(changes.rows, start=first):
        added[row.document_id].append(number)
    kept = {document: rows for document, rows in old.items() if document not in changes.documents}
    return kept | {document: tuple(rows) for document, rows in added.items()}


def _codes(
    old: Mapping[str, CodeRows], rows: Sequence[IndexRow], gone: Set[int], added: Iterable[int]
) -> Mapping[str, CodeRows]:
    """Only the codes that the change touches are written anew; a code that stands nowhere any more is unknown."""
    defines: dict[str, list[int]] = defaultdict(list)
    mentions: dict[str, list[int]] = defaultdict(list)
    for number in added:
        for code in rows[number].defines:
            defines[code].append(number)
        for code in set(rows[number].codes).difference(rows[number].defines):
            mentions[code].append(number)
    touched = defines.keys() | mentions.keys() | {code for row in gone for code in _of(rows[row])}
    codes = dict(old)
    for code in touched:
        before = codes.pop(code, CodeRows())
        after = CodeRows(
            _in_order(rows, (row for row in (*before.defines, *defines[code]) if row not in gone)),
            _in_order(rows, (row for row in (*before.mentions, *mentions[code]) if row not in gone)),
        )
        if after.defines or after.mentions:
            codes[code] = after
    return codes


def _of(row: IndexRow) -> tuple[str, ...]:
    return (*row.defines, *row.codes)


def _in_order(rows: Sequence[IndexRow], numbers: Iterable[int]) -> tuple[int, ...]:
    """A document's rows were added in its own order; documents follow each other by name, whenever they came."""
    return tuple(sorted(numbers, key=lambda number: (rows[number].document_id, number)))
