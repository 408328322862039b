"""Rankings become one, by rules that can be read here."""

from dataclasses import replace

import pytest

from app.core.document import Applicability, Passage
from app.core.question import Asset
from app.retrieval.applicability import applies
from app.retrieval.base import Hit, Lanes
from app.retrieval.fusion import batches, fuse, in_turn, telling_first


def hits(*chunk_ids: str) -> tuple[Hit, ...]:
    return tuple(Hit(chunk_id, 1.0) for chunk_id in chunk_ids)


def about(*classes: str, baselines: tuple[str, ...] = ()) -> Passage:
    limits = Applicability(classes, baselines)
    return Passage("x", "d", "d.md", "d", "", "A", None, 0, 0, 1, "", "narrative", applicability=limits)


def test_what_two_lanes_found_beats_what_one_found() -> None:
    dense = (Hit("a", 0.6), Hit("b", 0.5), Hit("c", 0.45))
    sparse = (Hit("d", 5.0), Hit("c", 4.0), Hit("e", 1.0))
    candidates, leading = fuse(Lanes(dense=dense, sparse=sparse, weights={"door": 2.0, "edge": 3.0}))
    assert candidates[0].chunk_id == "c"
    assert candidates[0].why == pytest.approx({"dense": 0.15, "sparse": 2 / 3 * 4.0 / 11.0})
    assert leading == 0
    assert {candidate.chunk_id for candidate in candidates} == {"a", "b", "c", "d", "e"}


def test_a_lane_that_found_little_of_the_question_says_little() -> None:
    dense, sparse = (Hit("meant", 0.6),), (Hit("one common word", 0.9),)
    rare = {"common": 0.4, "pantograph": 4.0, "bellows": 5.0}
    assert fuse(Lanes(dense=dense, sparse=sparse, weights=rare))[0][0].chunk_id == "meant"
    assert fuse(Lanes(dense=dense, sparse=sparse, weights={"common": 0.5}))[0][0].chunk_id == "one common word"


def test_without_weights_the_best_hit_is_the_measure() -> None:
    candidates, _ = fuse(Lanes(sparse=(Hit("a", 8.0), Hit("b", 4.0))))
    assert [candidate.score for candidate in candidates] == pytest.approx([2 / 3, 1 / 3])


def test_equal_scores_keep_the_lanes_order() -> None:
    candidates, _ = fuse(Lanes(dense=hits("a", "b")))
    assert [candidate.chunk_id for candidate in candidates] == ["a", "b"]


def test_definitions_lead_each_code_in_its_turn() -> None:
    lanes = Lanes(sparse=hits("z"), known={"A": ("a1", "a2"), "B": ("b1",)}, code=hits("a1", "a2", "b1", "m"))
    candidates, leading = fuse(lanes)
    assert [candidate.chunk_id for candidate in candidates][:3] == ["a1", "b1", "a2"]
    assert leading == 3
    assert candidates[0].score > candidates[1].score > candidates[2].score > candidates[3].score


def test_among_passages_that_mention_a_code_the_other_lanes_decide() -> None:
    lanes = Lanes(code=hits("m1", "m2", "m3"), known={"A": ()}, sparse=(Hit("x", 4.0), Hit("m3", 3.0)))
    candidates, leading = fuse(lanes)
    assert [candidate.chunk_id for candidate in candidates] == ["m3", "x", "m1", "m2"]
    assert leading == 0


def test_in_turn_takes_one_of_each_and_keeps_what_comes_twice_once() -> None:
    assert in_turn([["a", "b", "c"], ["x"], ["b", "y"]]) == ["a", "x", "b", "y", "c"]
    assert in_turn([]) == []


@pytest.mark.parametrize("name", ["442", "Class 442", "class-442", "CLASS_442"])
def test_a_class_is_recognised_in_any_spelling(name: str) -> None:
    assert applies(about("Class 442", "445"), Asset(vehicle_class=name))
    assert not applies(about("445"), Asset(vehicle_class=name))
    assert not applies(about("4422"), Asset(vehicle_class=name))


def test_what_names_no_class_applies_to_all_and_an_unknown_asset_rules_nothing_out() -> None:
    assert applies(about(), Asset(vehicle_class="442", baseline="3.6"))
    assert applies(about("445", baselines=("2.3",)), Asset())


def test_a_baseline_rules_out_as_a_class_does() -> None:
    passage = about("442", baselines=("Baseline 3.4",))
    assert applies(passage, Asset(vehicle_class="442", baseline="3.4"))
    assert not applies(passage, Asset(vehicle_class="442", baseline="3.6"))


def test_batches_begin_with_the_leading_ones_and_end_at_the_most() -> None:
    candidates, _ = fuse(Lanes(dense=hits(*map(str, range(20)))))
    assert [len(batch) for batch in batches(candidates, first=5, size=3, most=12)] == [5, 3, 3, 1]
    assert [len(batch) for batch in batches(candidates[:4], first=5, size=3, most=12)] == [4]
    assert [len(batch) for batch in batches(candidates, first=30, size=3, most=12)] == [12]


def test_between_equals_what_defines_a_fault_leads() -> None:
    lanes = Lanes(dense=hits("told", "fault"), defining=frozenset({"fault"}))
    candidates, leading = fuse(lanes)
    assert [candidate.chunk_id for candidate in candidates] == ["fault", "told"]
    assert candidates[0].why["definition"] > 0
    assert leading == 0


def test_what_leads_by_an_asked_code_needs_no_more_for_defining_it() -> None:
    lanes = Lanes(known={"A": ("a",)}, code=hits("a"), sparse=hits("a"), defining=frozenset({"a"}))
    assert set(fuse(lanes)[0][0].why) == {"code", "sparse"}


def test_a_bare_entry_comes_behind_what_tells_of_the_fault() -> None:
    entry = replace(about(), id="entry", role="narrative", defines=("A",))
    manual = replace(about(), id="manual", role="definition", defines=("A",))
    again = replace(manual, id="again", role="remedy")
    assert [passage.id for passage in telling_first([entry, manual, again])] == ["manual", "again", "entry"]
