"""Assignment: sticky, fair, apart from one another, and noted once."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.experiment import Arm, Experiment, Outcome, Unit
from app.prompts.base import NOBODY, Subject
from app.prompts.files import FilePrompts
from app.prompts.room import PromptRoom
from app.prompts.trials import Trials, arm_at, assigned, unit_of

FILES = FilePrompts().load()
TRIAL = Experiment("short", "main", "local", "analyze", (Arm("a", "file"), Arm("b", "1")))
SUBJECT = Subject("run-1", "main", "talk-1", "anna", "VT-1")


@given(st.text(), st.text(), st.text())
def test_one_unit_keeps_its_arm_whatever_else_changes(who: str, run: str, other: str) -> None:
    first = Subject(f"a{run}", "main", f"c{who}", "anna", "VT-1")
    later = Subject(f"b{other}", "main", f"c{who}", "boris", other)
    assert assigned(TRIAL, first) == assigned(TRIAL, later)
    assert unit_of(TRIAL, first) == unit_of(TRIAL, later)


@pytest.mark.parametrize(("unit", "changed"), [("conversation", "talk"), ("engineer", "boris"), ("asset", "VT-2")])
def test_each_kind_of_unit_looks_at_its_own(unit: Unit, changed: str) -> None:
    trial = replace(TRIAL, unit=unit)
    assert unit_of(trial, SUBJECT) != unit_of(trial, replace(SUBJECT, **{unit: changed}))
    others = {"conversation", "engineer", "asset"} - {unit}
    assert unit_of(trial, SUBJECT) == unit_of(trial, replace(SUBJECT, run_id="x", **dict.fromkeys(others, "y")))


def test_without_a_conversation_each_question_stands_for_itself() -> None:
    bare = replace(SUBJECT, conversation=None)
    assert unit_of(TRIAL, bare) != unit_of(TRIAL, replace(bare, run_id="run-2"))


@pytest.mark.parametrize("weights", [(1.0, 1.0), (9.0, 1.0), (1.0, 1.0, 2.0)])
def test_the_split_is_fair(weights: tuple[float, ...]) -> None:
    arms = tuple(Arm(str(n), str(n), weight) for n, weight in enumerate(weights))
    trial = replace(TRIAL, arms=arms)
    met = Counter(assigned(trial, replace(SUBJECT, conversation=f"talk {n}")).name for n in range(20_000))
    for arm in arms:
        assert abs(met[arm.name] / 20_000 - arm.weight / sum(weights)) < 0.01


def test_two_experiments_do_not_share_their_halves() -> None:
    other = replace(TRIAL, name="other")
    subjects = [replace(SUBJECT, conversation=f"talk {n}") for n in range(4_000)]
    met = Counter((assigned(TRIAL, s).name, assigned(other, s).name) for s in subjects)
    assert all(abs(count / 4_000 - 0.25) < 0.03 for count in met.values()) and len(met) == 4


def test_every_place_has_an_arm() -> None:
    arms = (Arm("a", "x", 0.1), Arm("b", "y", 0.2), Arm("c", "z", 0.7))
    assert arm_at(arms, 0.0).name == "a" and arm_at(arms, 0.1).name == "b"
    assert arm_at(arms, 0.999999999999).name == "c" and arm_at(arms, 1.0).name == "c"


def test_an_exposure_is_noted_once_and_only_when_the_prompt_is_used() -> None:
    trials = Trials([TRIAL])
    room = PromptRoom(FILES, trials=trials)
    run = room.current(SUBJECT)
    assert not trials.exposures
    for _ in range(3):
        run.pick("analyze", "x")
        room.current(replace(SUBJECT, run_id="run-2")).pick("analyze", "x")
    ((kb, exposure),) = trials.exposures
    assert (kb, exposure.run_id, exposure.arm) == ("main", "run-1", assigned(TRIAL, SUBJECT).name)
    assert "talk-1" not in exposure.unit


@pytest.mark.parametrize("subject", [NOBODY, replace(SUBJECT, kb="depot")])
def test_nobody_and_other_knowledge_bases_are_left_alone(subject: Subject) -> None:
    trials = Trials([TRIAL])
    assert PromptRoom(FILES, trials=trials).current(subject).pick("analyze", "x").label == "analyze@1/default"
    trials.came(subject, [Outcome("", "", "thumbs", 1.0, 0.0)])
    assert not trials.exposures and not trials.outcomes
    assert trials.analyzer(subject) is None


def test_an_arm_whose_prompt_is_not_here_is_not_met() -> None:
    trials = Trials([replace(TRIAL, arms=(Arm("a", "7"), Arm("b", "label:prod-b")))])
    assert PromptRoom(FILES, trials=trials).current(SUBJECT).pick("analyze", "x").label == "analyze@1/default"
    assert not trials.exposures


def test_an_outcome_goes_to_the_unit() -> None:
    trials = Trials([TRIAL])
    trials.came(SUBJECT, [Outcome("", "", "thumbs", 1.0, 5.0)])
    ((kb, outcome),) = trials.outcomes
    assert (kb, outcome) == ("main", Outcome("short", unit_of(TRIAL, SUBJECT), "thumbs", 1.0, 5.0))


def test_an_analyzer_is_an_arm_too() -> None:
    trials = Trials([replace(TRIAL, use_case="analyzer", arms=(Arm("a", "evidence"), Arm("b", "gguf")))])
    assert trials.analyzer(SUBJECT) in {"evidence", "gguf"}
    assert len(trials.exposures) == 1
