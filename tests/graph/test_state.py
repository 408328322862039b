"""What the graph carries survives the checkpoint serializer, class by class."""

import dataclasses

import pytest

from app.core import diagnosis as d
from app.core import document, question, statement
from app.core.brief import Identity
from app.core.revision import Change, Differs
from app.faults.codes import Mention
from app.graph.checkpoints import serializer
from app.graph.state import CHECKPOINTED, Answer
from app.records.base import Voided
from app.retrieval.base import Retrieved
from tests.fakes import passage

CITATION = d.Citation("c1", "p1", "main/a.md", "a.md", "E73-B", "C", 3, "quote", 4, 9)
CHECKED = statement.Checked(statement.Statement("step", "Check it.", (1,)), "held", (CITATION,), "observe", ("why",))
CODE = d.FaultCode("E73-B", "e73b", True, near=(d.NearCode("E73-A", "suffix"),))
SAMPLES = (
    question.Question("q", code=question.CodeFragment("st", "x := 1"), attachments=(question.Attachment("a", "t"),)),
    question.Question("q", history=(question.Turn("user", "t"),)),
    passage(applicability=document.Applicability(("X1",), ("4.2",)), why={"code": 1.0}),
    Mention("E73-B", "e73b", 0, 4, "letter"),
    Retrieved((passage(),), (CODE,), 0.5, 3, ("embedder_unavailable",)),
    Retrieved(differs=(Differs("p1", "B", Change("changed", "5 bar", "6 bar", 1, 1, (("5 bar", "6 bar"),))),)),
    Answer(
        (CHECKED,),
        Voided((CHECKED,), Identity("a", "1", "0"), 7),
        "a@1#0",
        "analyze@1/default",
        1,
        2,
        identity=Identity("a", "1", "0"),
        seed=7,
    ),
    d.Diagnosis(
        "r1",
        "awaiting_approval",
        "s",
        fault_codes=(CODE,),
        hypotheses=(d.Hypothesis("cause", 1, ("c1",)),),
        steps=(d.Step("t", "isolate", ("c1",), "5 bar", True),),
        limits=(d.Finding("l", ("c1",)),),
        code_fix=d.CodeFix("st", "x", "y"),
        citations=(CITATION,),
        usage=d.Usage(milliseconds={"retrieve": 1.0}),
    ),
)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
def test_it_comes_back_as_it_went(sample: object) -> None:
    kind, blob = serializer().dumps_typed(sample)
    back = serializer().loads_typed((kind, blob))
    assert plain(back) == plain(sample)
    assert type(back) is type(sample)


def plain(value: object) -> object:
    """Sequences compare as lists: the serializer may bring a tuple back as a list."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def test_every_dataclass_that_can_be_in_the_state_is_registered() -> None:
    seen: set[type] = set()

    def walk(value: object) -> None:
        if dataclasses.is_dataclass(value):
            seen.add(type(value))
            for field in dataclasses.fields(value):
                walk(getattr(value, field.name))
        elif isinstance(value, list | tuple):
            for item in value:
                walk(item)

    for sample in SAMPLES:
        walk(sample)
    assert seen <= set(CHECKPOINTED)
    assert set(CHECKPOINTED) <= seen
