"""What a question is about, read off its words; the rules are data."""

import pytest

from app.analyzers.routes import route, subsystem, subsystems, traits_of
from app.core.question import Asset, CodeFragment, Question
from app.core.settings.analyzers import Route, When


@pytest.mark.parametrize(
    ("question", "kind", "difficulty"),
    [
        (Question("What is E73-B?"), "fault_code", "easy"),
        (Question("E73-B after E73-A, which came first?"), "fault_code", "hard"),
        (Question("What is E73-B? " + "And it went on. " * 20), "fault_code", "hard"),
        (Question("the doors do not close"), "symptom", "hard"),
        (Question("why?", log="06:12 TCU E73-B"), "log", "hard"),
        (Question("why?", code=CodeFragment("c", "int x;")), "source_code", "hard"),
    ],
)
def test_kind_and_difficulty(question: Question, kind: str, difficulty: str) -> None:
    traits = traits_of(question)
    assert (traits.kind, traits.difficulty) == (kind, difficulty)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("The brakes of this bogie do not release", "brakes"),
        ("door 3 does not lock", "doors"),
        ("the axle counter evaluator shows 0", "track"),
        ("pantograph and traction converter tripped", "traction"),
        ("it does not work", ""),
        ("door brake", ""),
    ],
)
def test_the_subsystem_is_the_one_that_is_spoken_of_most(text: str, part: str) -> None:
    assert subsystem(Question(text)) == part


def test_the_first_rule_that_fits_decides() -> None:
    rules = (
        Route(when=When(kind=("log",), vehicle_class=("425",)), to="logs"),
        Route(when=When(subsystem=("doors", "brakes")), to="parts"),
        Route(when=When(difficulty="easy"), to="small"),
        Route(to="rest"),
    )
    assert route(Question("why?", log="x", asset=Asset(vehicle_class="425")), rules) == "logs"
    assert route(Question("why?", log="x", asset=Asset(vehicle_class="412")), rules) == "rest"
    assert route(Question("E73-B at the door"), rules) == "parts"
    assert route(Question("E73-B"), rules) == "small"
    assert route(Question("E73-B"), ()) is None
    assert route(Question("a long story"), rules[:3]) is None


def test_the_subsystems_are_those_of_the_shelf() -> None:
    from app.services.shelf import sample_shelf

    folders = {path.name for path in sample_shelf().iterdir() if path.is_dir()}
    assert folders - {"general", "__pycache__"} == subsystems()
