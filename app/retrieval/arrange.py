"""The passages in the order in which they are shown: definitions lead, what does not apply comes last or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from app.core.document import FUTURE, SUPERSEDED, THEN, Passage
from app.core.question import Asset
from app.retrieval.applicability import applies
from app.retrieval.base import Query
from app.retrieval.fusion import in_turn
from app.retrieval.validity import Asked, judged

OTHER_ASSET = "other_asset"  # mark in `why` of a passage that names other classes or baselines


def settled(passage: Passage, asked: Asked, asset: Asset) -> bool:
    """In force or asked for, and not of another asset."""
    return asked.standing(passage) in ("", THEN) and applies(passage, asset)


def arrange(passages: Sequence[Passage], query: Query) -> tuple[Passage, ...]:
    """Cut to k. First what defines the codes, each code in its turn; then the rest in the order it came.

    In both parts a passage of another asset comes last, marked in `why`. It is not dropped: an asset's class may be
    spelled in a way that the document does not know. One of a revision that was not in force on the day and was not
    asked for is dropped, unless nothing better defines the code, or nothing else was found at all.
    """
    judged_ones = judged(passages, Asked.of(query))
    by_id = {passage.id: _of_another(passage, query.asset) for passage in judged_ones}
    tiers = {id_: _tier(passage) for id_, passage in by_id.items()}
    leading = sorted(
        in_turn(_definitions(by_id.values(), code, tiers) for code in query.codes)[: query.k], key=tiers.__getitem__
    )
    rest = sorted((id_ for id_ in by_id if id_ not in leading), key=tiers.__getitem__)
    kept = [id_ for id_ in rest if not _void(by_id[id_])] if not all(map(_void, by_id.values())) else rest
    return tuple(by_id[id_] for id_ in [*leading, *kept][: query.k])


Tier = tuple[bool, bool]


def _definitions(passages: Iterable[Passage], code: str, tiers: Mapping[str, Tier]) -> list[str]:
    defining = [passage.id for passage in passages if code in passage.defines]
    best = min((tiers[id_] for id_ in defining), default=None)
    return [id_ for id_ in defining if tiers[id_] == best]


def _tier(passage: Passage) -> Tier:
    return OTHER_ASSET in passage.why, not passage.current


def _void(passage: Passage) -> bool:
    return SUPERSEDED in passage.why or FUTURE in passage.why


def _of_another(passage: Passage, asset: Asset) -> Passage:
    return passage if applies(passage, asset) else replace(passage, why={**passage.why, OTHER_ASSET: 0.0})
