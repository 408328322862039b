"""What was asked and is not in the documents: counted for who asked it, and shown to nobody else but an admin."""

from dataclasses import replace

import pytest

from app.core.diagnosis import Diagnosis, FaultCode, Verdict
from app.core.errors import Forbidden
from app.core.principal import EVALUATION, Principal
from app.core.question import Question
from app.records.base import Gap, Pack
from app.records.home import Records
from tests.records.samples import ADMIN, ANNA, BORIS, STRANGER, cut


async def asked(
    records: Records, run: str, text: str, *codes: str, verdict: Verdict = "unknown_code", who: Principal = ANNA
) -> Pack:
    question = Question(text)
    unknown = tuple(FaultCode(code, code, known=False) for code in codes)
    pack = Pack(run, question, Diagnosis(run, verdict, "Nothing.", fault_codes=unknown), 1)
    await records.runs.accept(who, run, question)
    await records.runs.commit(who, run, "answered", pack)
    return pack


def told(gaps: object) -> list[tuple[str, str, int]]:
    assert isinstance(gaps, list)
    return [(gap.kind, gap.what, gap.count) for gap in gaps if isinstance(gap, Gap)]


async def test_unknown_codes_and_questions_that_found_nothing_are_counted(records: Records) -> None:
    await asked(records, "1", "What is E99-A?", "E99-A")
    await asked(records, "2", "e99a again", "E99-A")
    await asked(records, "3", "How is the horn  tested?", verdict="insufficient_evidence")
    await asked(records, "4", "how is the HORN tested?", verdict="insufficient_evidence")
    await asked(records, "5", "how is the horn tested?", verdict="insufficient_evidence")
    found = await records.gaps.list(ANNA, "main")
    assert told(found) == [("question", "How is the horn tested?", 3), ("code", "E99-A", 2)]
    assert found[0].last_asked >= found[1].last_asked > 0


async def test_an_answer_is_no_gap_but_the_unknown_code_beside_the_known_one_is(records: Records) -> None:
    await asked(records, "1", "E73-B and E99-A?", "E99-A", verdict="answered")
    assert told(await records.gaps.list(ANNA, "main")) == [("code", "E99-A", 1)]


async def test_nobody_sees_what_another_asked_but_an_admin_sees_all(records: Records) -> None:
    await asked(records, "1", "Anna asks", verdict="insufficient_evidence")
    await asked(records, "2", "Boris asks E99-A", "E99-A", who=BORIS)
    assert told(await records.gaps.list(ANNA, "main")) == [("question", "Anna asks", 1)]
    assert told(await records.gaps.list(BORIS, "main")) == [("code", "E99-A", 1)]
    assert len(await records.gaps.list(ADMIN, "main")) == 2


async def test_a_knowledge_base_that_was_not_granted_is_closed(records: Records) -> None:
    with pytest.raises(Forbidden):
        await records.gaps.list(STRANGER, "main")
    with pytest.raises(Forbidden):
        await records.gaps.list(ADMIN, "depot")


async def test_a_code_that_a_document_now_speaks_of_is_no_gap_any_more(records: Records) -> None:
    await asked(records, "1", "What is E73-B?", "E73-B")
    assert len(await records.gaps.list(ANNA, "main")) == 1
    await records.documents.replace(ANNA, "main", [cut("a.md")])
    assert await records.gaps.list(ANNA, "main") == []
    await records.documents.remove(ANNA, "main", ["main/a.md"])
    assert len(await records.gaps.list(ANNA, "main")) == 1


async def test_an_evaluation_leaves_no_gaps(records: Records) -> None:
    await asked(records, "1", "What is E99-A?", "E99-A", who=EVALUATION)
    assert await records.gaps.list(ADMIN, "main") == []


async def test_a_spooled_answer_is_counted_once_when_it_is_taken_in(records: Records) -> None:
    pack = await asked(records, "1", "What is E99-A?", "E99-A")
    records.runs.spool(ANNA, "2", "answered", replace(pack, run_id="2"))
    records.runs.spool(ANNA, "1", "answered", pack)
    await records.runs.drain()
    assert told(await records.gaps.list(ANNA, "main")) == [("code", "E99-A", 2)]


async def test_only_so_many_are_listed(records: Records) -> None:
    await asked(records, "1", "E99-A E99-B E99-C", "E99-A", "E99-B", "E99-C")
    assert len(await records.gaps.list(ANNA, "main", limit=2)) == 2
