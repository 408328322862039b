"""Cases are read from either form, and what is wrong with a file is said with its line."""

import json
from pathlib import Path

import pytest

from app.core.errors import InvalidInput, NotFound
from app.core.question import CodeFragment
from app.evaluate import beir
from app.evaluate.base import Place
from app.evaluate.cases import read

OWN = {
    "id": "S1",
    "question": "The brake drags.",
    "log": "ERR=E73B",
    "code": {"language": "c", "text": "x();"},
    "asset": {"vehicle_class": "412"},
    "kind": "log",
    "answerable": True,
    "gold": [{"source": "brakes/a.md", "code": "E73-B"}],
    "alternatives": [{"source": "brakes/b.md", "section": "Limits"}],
    "facts": ["0\\.3 bar"],
    "forbidden": ["released"],
    "asks": ["E73-B"],
    "split": "test",
    "subsystem": "brakes",
}
FOREIGN = {
    "id": "HQ1",
    "query": "E2005 refused",
    "gold_docs": ["traintastic/a.md"],
    "alt_docs": ["traintastic/b.md"],
    "gold_spans": [{"doc": "traintastic/a.md", "start": 10, "end": 20}],
    "fact_patterns": ["rejected"],
    "key_facts": ["a note for people"],
    "kind": "error_code",
    "answerable": True,
}


def written(folder: Path, *rows: object) -> Path:
    file = folder / "cases.jsonl"
    file.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n\n")
    return file


def test_the_houses_own_fields_are_read(tmp_path: Path) -> None:
    (case,) = read(written(tmp_path, OWN))
    assert case.question.code == CodeFragment("c", "x();")
    assert (case.question.log, case.question.asset.vehicle_class) == ("ERR=E73B", "412")
    assert case.gold == (Place("brakes/a.md", code="E73-B"),)
    assert case.alternatives == (Place("brakes/b.md", section="Limits"),)
    assert (case.facts, case.forbidden, case.asks) == (("0\\.3 bar",), ("released",), ("E73-B",))
    assert (case.split, case.subsystem, case.kind) == ("test", "brakes", "log")


def test_the_fields_of_a_query_set_with_spans_are_read(tmp_path: Path) -> None:
    (case,) = read(written(tmp_path, FOREIGN))
    assert case.question.text == "E2005 refused"
    assert case.gold == (Place("traintastic/a.md", start=10, end=20),)
    assert case.alternatives == (Place("traintastic/b.md"),)
    assert (case.facts, case.split, case.subsystem) == (("rejected",), "all", "traintastic")


def test_without_spans_the_whole_document_is_gold(tmp_path: Path) -> None:
    (case,) = read(written(tmp_path, {**FOREIGN, "gold_spans": []}))
    assert case.gold == (Place("traintastic/a.md"),)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{no json", "line 2"),
        ({**OWN, "id": "x", "facts": ["("]}, "line 2: facts.0"),
        ({"id": "x"}, "line 2: question"),
        ({**OWN, "id": "x", "gold": [{"source": "a", "page": 3}]}, "gold.0.page"),
        (OWN, "two cases are called 'S1'"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, row: object, told: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(written(tmp_path, OWN, row))
    assert told in caught.value.message


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read(tmp_path / "none.jsonl")


def beir_folder(folder: Path) -> Path:
    (folder / "corpus.jsonl").write_text(
        '{"_id": "d1", "title": "Valve", "text": "It sticks."}\n{"_id": 2, "text": "Fan"}\n'
    )
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "stuck valve"}\n{"_id": "q2", "text": "ungraded"}\n')
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t2\n")
    return folder


def test_a_retrieval_set_is_read_without_its_ungraded_queries(tmp_path: Path) -> None:
    found = beir.read(beir_folder(tmp_path))
    assert found.corpus == {"d1": "Valve\n\nIt sticks.", "2": "Fan"}
    assert (found.queries, found.grades) == ({"q1": "stuck valve"}, {"q1": {"d1": 2}})
    assert beir.is_beir(tmp_path)


def test_a_folder_without_grades_is_no_retrieval_set(tmp_path: Path) -> None:
    (beir_folder(tmp_path) / "qrels.tsv").unlink()
    assert not beir.is_beir(tmp_path)
    with pytest.raises(InvalidInput, match=r"qrels\.tsv"):
        beir.read(tmp_path)


def test_a_corpus_in_another_form_is_refused_by_name(tmp_path: Path) -> None:
    (beir_folder(tmp_path) / "corpus.jsonl").write_text('{"id": "d1"}\n')
    with pytest.raises(InvalidInput, match=r"corpus\.jsonl"):
        beir.read(tmp_path)
