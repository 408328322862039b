"""Which revision a passage is of: one in force on the day, one that was asked for, or one that should not answer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from app.core.document import FUTURE, OTHER_REVISION, SUPERSEDED, THEN, Passage
from app.core.question import Asset
from app.faults.difference import difference
from app.retrieval.applicability import applies
from app.retrieval.base import Differs, Query

NAMED = re.compile(
    r"\b(?:rev(?:ision)?|révision|edition|édition|issue|ausgabe)\b[.:]?\s*(?:no\.?\s*|nr\.?\s*)?([a-z]\d?|\d+(?:\.\d+)*)\b",
    re.IGNORECASE,
)
OLDER = re.compile(
    r"\bsuperseded\b|\b(?:previous|former|earlier|older?|outdated|prior)\s+(?:revision|edition|issue|version)s?\b"
    r"|\b(?:alte|frühere|vorherige)n?\s+(?:revision|ausgabe|fassung)|\b(?:ancienne|précédente)\s+(?:révision|édition)",
    re.IGNORECASE,
)
MOST = 3  # differences told of one passage


@dataclass(frozen=True, slots=True)
class Asked:
    """`names` are the revisions that the question names; `older`: it wants what is superseded."""

    day: date
    names: frozenset[str] = frozenset()
    older: bool = False
    asset: Asset = field(default_factory=Asset)

    @classmethod
    def of(cls, query: Query) -> "Asked":
        names = frozenset(name.casefold() for name in NAMED.findall(query.text))
        return cls(query.day, names, bool(OLDER.search(query.text)), query.asset)

    def standing(self, passage: Passage, replaced: bool = False) -> str:
        """-> the mark for `why`, empty for what is in force today and needs none.

        An older revision is also what those baselines need that the newer one no longer speaks of; `replaced`: it does.
        """
        if passage.valid_from and passage.valid_from > self.day:
            return THEN if self._names(passage) else FUTURE
        if passage.superseded_by is None:
            return ""
        if passage.superseded_on and self.day < passage.superseded_on:
            return THEN
        of_its_baseline = self.asset.baseline and passage.applicability.baselines and applies(passage, self.asset)
        wanted = self.older or self._names(passage) or (of_its_baseline and not replaced)
        return THEN if wanted else SUPERSEDED

    def _names(self, passage: Passage) -> bool:
        return passage.revision.casefold() in self.names


def judged(passages: Sequence[Passage], asked: Asked) -> list[Passage]:
    """Each with its mark. Where a revision was named, the one that replaced it steps back."""
    there = {passage.document_id for passage in passages if applies(passage, asked.asset)}
    marks = {p.document_id: asked.standing(p, replaced=p.superseded_by in there) for p in passages}
    named = {p.superseded_by for p in passages if p.revision.casefold() in asked.names and p.superseded_by}
    for document in named & marks.keys():
        marks[document] = marks[document] or OTHER_REVISION
    return [_marked(passage, marks[passage.document_id]) for passage in passages]


def differs(shown: Sequence[Passage], seen: Sequence[Passage]) -> tuple[Differs, ...]:
    """Numbers of a shown passage that its older revision, which was seen too, has otherwise."""
    found: list[Differs] = []
    for passage in shown:
        for old in seen:
            if old.superseded_by == passage.document_id and _same_place(old, passage):
                changes = [change for change in difference(old.text, passage.text) if change.kind == "changed"]
                found += [Differs(passage.id, old.revision, c) for c in changes if c.numbers][:MOST]
    return tuple(found)


def _same_place(old: Passage, new: Passage) -> bool:
    return bool(set(old.defines) & set(new.defines)) or (not old.defines and old.section == new.section)


def _marked(passage: Passage, mark: str) -> Passage:
    return replace(passage, why={**passage.why, mark: 0.0}) if mark else passage
