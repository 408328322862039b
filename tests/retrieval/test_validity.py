"""Which revision answers: the one in force on the day, unless the question wants another."""

from dataclasses import replace
from datetime import date

import pytest

from app.core.document import Applicability, Passage
from app.core.question import Asset
from app.faults.codes import Mention
from app.retrieval.arrange import arrange
from app.retrieval.base import Query
from app.retrieval.validity import differs

CHANGED = date(2025, 8, 18)


def passage(revision: str, text: str = "It stays below 80 bar.", **fields: object) -> Passage:
    made = Passage(
        f"rev{revision}",
        f"rev{revision}",
        f"rev{revision}.md",
        "",
        "§1",
        revision,
        None,
        0,
        len(text),
        1,
        text,
        "limit",
    )
    return replace(made, defines=("PNT-1",), codes=("PNT-1",), **fields)  # type: ignore[arg-type]


OLD = passage("2", valid_from=date(2022, 5, 9), superseded_by="rev3", superseded_on=CHANGED)
NEW = passage("3", "It must be at least 95 bar.", valid_from=CHANGED)
TALK = replace(passage("", "PNT-1 was discussed."), id="talk", document_id="talk", defines=())
CODE = (Mention("PNT-1", "PNT-1", 0, 5, "test"),)


def shown(query: Query, *passages: Passage) -> dict[str, set[str]]:
    """Passage id -> its marks, in the order shown."""
    return {p.id: set(p.why) for p in arrange(passages or (OLD, NEW, TALK), query)}


def test_today_the_newest_revision_answers_and_the_superseded_one_is_left_out() -> None:
    assert shown(Query("PNT-1?", mentions=CODE)) == {"rev3": set(), "talk": set()}


@pytest.mark.parametrize(
    ("day", "there"),
    [(date(2025, 8, 17), {"rev2": {"asked_revision"}, "talk": set()}), (CHANGED, {"rev3": set(), "talk": set()})],
)
def test_on_a_day_in_the_past_the_revision_in_force_then_answers(day: date, there: dict[str, set[str]]) -> None:
    assert shown(Query("PNT-1?", mentions=CODE, at=day)) == there


def test_a_revision_in_force_from_tomorrow_does_not_answer_today() -> None:
    """And the one that it will supersede still does."""
    tomorrow = date(2026, 1, 2)
    old, new = replace(OLD, superseded_on=tomorrow), replace(NEW, valid_from=tomorrow)
    assert shown(Query("PNT-1?", at=date(2026, 1, 1)), old, new) == {"rev2": {"asked_revision"}}


@pytest.mark.parametrize(
    "text",
    ["PNT-1 in revision 2", "PNT-1, rev. 2", "PNT-1 nach Ausgabe 2", "PNT-1, édition 2", "issue no. 2: PNT-1"],
)
def test_a_revision_that_is_named_leads_its_successor(text: str) -> None:
    assert shown(Query(text, mentions=CODE)) == {
        "rev2": {"asked_revision"},
        "talk": set(),
        "rev3": {"other_revision"},
    }
    (first, *_) = arrange((OLD, NEW), Query(text, mentions=CODE))
    assert first.current


@pytest.mark.parametrize("text", ["the superseded limit of PNT-1", "what was it in the previous edition?"])
def test_an_older_revision_is_shown_beside_the_current_one_when_it_is_asked_for(text: str) -> None:
    assert shown(Query(text)).keys() == {"rev2", "rev3", "talk"}


@pytest.mark.parametrize("text", ["E73-B on unit 2", "revise the 2 switches", "an older coach", "review 2 of 3"])
def test_no_revision_is_read_out_of_other_words(text: str) -> None:
    assert shown(Query(text)).keys() == {"rev3", "talk"}


def test_an_asset_of_an_older_baseline_needs_the_revision_that_speaks_of_it() -> None:
    old = replace(OLD, applicability=Applicability(baselines=("HPM 1",)))
    new = replace(NEW, applicability=Applicability(baselines=("HPM 2",)))
    asset = Asset(baseline="HPM 1")
    assert shown(Query("PNT-1?", mentions=CODE, asset=asset), old, new) == {
        "rev2": {"asked_revision"},
        "rev3": {"other_asset"},
    }
    both = replace(new, applicability=Applicability(baselines=("HPM 1", "HPM 2")))
    assert shown(Query("PNT-1?", mentions=CODE, asset=asset), old, both) == {"rev3": set()}


def test_a_code_that_only_an_outdated_revision_defines_still_leads() -> None:
    assert shown(Query("PNT-1?", mentions=CODE), OLD, TALK) == {"rev2": {"superseded"}, "talk": set()}


def test_where_nothing_else_was_found_the_outdated_is_shown_and_marked() -> None:
    assert shown(Query("pressure?"), OLD) == {"rev2": {"superseded"}}
    early = Query("pressure?", at=date(2000, 1, 1))
    assert shown(early, NEW) == {"rev3": {"not_yet_valid"}}
    assert not arrange((NEW,), early)[0].current


def test_numbers_that_the_older_revision_has_otherwise_are_told() -> None:
    old = replace(OLD, text="The pressure must stay below 80 bar.\nThrow it once.")
    new = replace(NEW, text="The pressure must stay below 95 bar.\nThrow it twice.")
    (found,) = differs([new], [old, new])
    assert (found.passage_id, found.revision, found.change.numbers) == ("rev3", "2", (("80 bar", "95 bar"),))
    assert differs([new], [new]) == ()
    assert differs([new], [replace(old, defines=("PNT-9",))]) == ()
