"""An answer that says nothing says what was looked for, what came nearest and what would help."""

from app.core.diagnosis import FaultCode
from app.core.question import Question
from app.graph.abstain import absent, nothing
from app.retrieval.base import Retrieved
from tests.receipts.passages import brake

NEAR = Retrieved(passages=(brake(),))


def test_it_names_the_words_that_were_looked_for_and_asks_for_a_document_that_speaks_of_the_missing_ones() -> None:
    told = nothing(Question("Which torque has the brake pipe bolt?"), NEAR)
    assert "Looked for: torque, brake, pipe, bolt." in told
    assert f"Nearest, but no answer: {brake().title}." in told
    assert told.endswith("that speaks of torque, bolt.")


def test_a_question_whose_words_all_stand_somewhere_asks_for_what_covers_it() -> None:
    assert nothing(Question("brake pipe"), NEAR).endswith(
        "Upload the manual, fault table or work instruction that covers it."
    )


def test_without_any_passage_there_is_nothing_near() -> None:
    assert "Nearest" not in nothing(Question("brake pipe"), Retrieved())
    assert "“???”" in nothing(Question("???"), Retrieved())


def test_a_program_reads_the_same_from_what_is_absent() -> None:
    assert absent(Question("torque of the brake pipe"), NEAR) == ("No passage found speaks of torque.",)
    unknown = Retrieved(fault_codes=(FaultCode("E73-C", "e73c", known=False), FaultCode("E73-B", "E73B", known=True)))
    assert absent(Question("E73-C after E73-B"), unknown) == ("No document speaks of E73-C.",)
