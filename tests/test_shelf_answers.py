"""Every known code of the sample shelf is answered as its document has it; every other code is refused."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.analyzers.quoting.compose import WORDS
from app.core.diagnosis import Diagnosis
from app.core.principal import LOCAL
from app.core.question import Asset, Question
from app.core.settings import load
from app.graph import words
from app.services.build import build
from app.services.hall import Services
from app.services.shelf import sample_shelf
from tests.retrieval.fakes import HashEmbedder

MARK = re.compile(r"\[c\d+\]")
TABLES = Path(__file__).parent / "knowledge"


def rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (TABLES / name).read_text().splitlines() if line]


KNOWN = rows("expected.jsonl")
UNKNOWN = rows("unknown.jsonl")

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(stocked: Path) -> AsyncIterator[Services]:
    async with build(load(home=stocked), embedder=HashEmbedder()) as services:
        yield services


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def texts(house: Services) -> dict[str, str]:
    """The files as they stand; of PDF and Word documents the text that was stored."""
    root = sample_shelf()
    documents = [await house.documents.get(LOCAL, row.id) for row in await house.documents.list(LOCAL, "main")]
    binary = {document.path: document.text for document in documents if document.path.endswith((".pdf", ".docx"))}
    files = [f for f in root.rglob("*") if f.is_file() and f.suffix not in (".pdf", ".docx")]
    return binary | {str(f.relative_to(root)): f.read_bytes().decode() for f in files}


async def ask(house: Services, text: str, vehicle_class: str | None = None) -> Diagnosis:
    return await house.agent.ask(Question(text, asset=Asset(vehicle_class=vehicle_class)), LOCAL)


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row["code"])
async def test_a_known_code_is_answered_as_its_document_has_it(
    house: Services, texts: dict[str, str], row: dict
) -> None:
    diagnosis = await ask(
        house, f"What does {row['spellings'][0]} mean and what do I check first?", row.get("vehicle_class")
    )
    assert [c.code for c in diagnosis.fault_codes if c.known] == [row["code"]]
    assert shown(diagnosis) <= WORDS
    assert_receipts(diagnosis, texts)
    if "meaning" in row["absent"]:
        assert not diagnosis.steps
        return
    assert diagnosis.verdict == "answered"
    assert row["meaning"] in diagnosis.fault_codes[0].meaning
    steps = [step.text for step in diagnosis.steps]
    assert len(steps) >= len(row["steps"])
    for wanted, step in zip(row["steps"], steps, strict=False):
        assert wanted in step
    limits, room = [limit.text for limit in diagnosis.limits], WORDS - shown(diagnosis)
    for wanted in row["limits"]:
        assert any(wanted in limit for limit in limits) or len(wanted.split()) > room
    cited = {(c.source, c.revision) for c in diagnosis.citations}
    assert (row["source"], row["revision"]) in cited
    for role in ("limit", "cause", "remedy"):
        assert (words.ABSENT[role].format(code=row["code"]) in diagnosis.absent) == (role in row["absent"])


def shown(diagnosis: Diagnosis) -> int:
    """Words of the answer, those that it says twice too; not what the house notes of revisions and marks."""
    told = [diagnosis.summary, *(code.meaning for code in diagnosis.fault_codes)]
    told += [warning for warning in diagnosis.warnings if MARK.search(warning)]
    told += [h.cause for h in diagnosis.hypotheses] + [limit.text for limit in diagnosis.limits]
    told += [f"{step.text} {step.expected or ''}" for step in diagnosis.steps]
    told += [diagnosis.next_test.text] if diagnosis.next_test else []
    return sum(len(MARK.sub("", text).split()) for text in told)


def assert_receipts(diagnosis: Diagnosis, texts: dict[str, str]) -> None:
    for citation in diagnosis.citations:
        assert texts[citation.source][citation.start : citation.end] == citation.quote
    given = {citation.id for citation in diagnosis.citations}
    used = [cited for step in diagnosis.steps for cited in step.citations]
    used += [cited for hypothesis in diagnosis.hypotheses for cited in hypothesis.evidence_for]
    used += [cited for finding in diagnosis.limits for cited in finding.citations]
    assert set(used) <= given
    assert all(step.citations for step in diagnosis.steps)


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row["code"])
async def test_every_usual_spelling_is_the_same_code(house: Services, row: dict) -> None:
    for spelling in row["spellings"]:
        diagnosis = await ask(house, f"ERR={spelling}; what now?")
        assert [c.code for c in diagnosis.fault_codes if c.known] == [row["code"]], spelling


@pytest.mark.parametrize("row", UNKNOWN, ids=lambda row: row["code"])
async def test_a_code_that_is_not_on_the_shelf_is_refused_and_its_neighbours_are_called_other_codes(
    house: Services, row: dict
) -> None:
    for spelling in row["spellings"]:
        diagnosis = await ask(house, f"{spelling}: what does it mean?")
        assert diagnosis.verdict == "unknown_code", spelling
        assert [(c.code, c.known) for c in diagnosis.fault_codes] == [(row["code"], False)]
        assert not (diagnosis.steps or diagnosis.hypotheses or diagnosis.limits or diagnosis.citations)
        near = {other.code for other in diagnosis.fault_codes[0].near}
        assert row["code"] not in near
        assert row["resembles"] is None or row["resembles"] in near
