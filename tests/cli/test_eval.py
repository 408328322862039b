"""`rail-debug eval` and `rail-debug gaps`, from flags to exit status."""

import json
from pathlib import Path

import pytest

from app.cli import exits
from tests.cli.conftest import Shell

SOURCE = "brakes/halden-bcu-fault-manual.md"
CASES = [
    {
        "id": "a",
        "question": "E73-B, what now?",
        "kind": "code",
        "answerable": True,
        "gold": [{"source": SOURCE, "code": "E73-B"}],
        "facts": ["silencer"],
        "asks": ["E73-B"],
        "split": "train",
    },
    {
        "id": "b",
        "question": "E99-Z, what now?",
        "kind": "unanswerable",
        "answerable": False,
        "asks": ["E99-Z"],
        "split": "test",
    },
]


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    file = tmp_path / "few.jsonl"
    file.write_text("\n".join(map(json.dumps, CASES)))
    return file


def test_answers_are_measured_on_the_sample_shelf_of_a_scratch_home(bare: Shell, cases: Path, tmp_path: Path) -> None:
    result = bare("eval", "answers", "--cases", str(cases), "--report", str(tmp_path / "out"), "--json")
    assert result.exit_code == exits.ANSWERED, result.output
    told = json.loads(result.stdout)["evaluations"][0]
    assert told["rates"]["train"]["exact_code"]["share"] == 1.0
    assert told["rates"]["test"]["abstained"]["n"] == 1
    assert "few" in (tmp_path / "out" / "answers.md").read_text()
    assert not (tmp_path / "home").exists()


def test_documents_of_ones_own_are_ingested_and_asked(bare: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "pump.md").write_text("# Pump\n\n## E12-A Pump hums\n\n### Causes\n\n- The impeller is jammed.\n")
    file = tmp_path / "own.jsonl"
    gold = [{"source": "pump.md", "code": "E12-A"}]
    case = {**CASES[0], "question": "E12-A?", "gold": gold, "facts": ["impeller"], "asks": ["E12-A"]}
    file.write_text(json.dumps(case))
    first = tmp_path / "few.jsonl"
    first.write_text(json.dumps(CASES[0]))
    result = bare("eval", "answers", "--cases", str(first), "--also", str(file), str(folder))
    assert result.exit_code == exits.ANSWERED, result.output
    assert "few: 1 cases" in result.output
    assert "own: 1 cases" in result.output
    assert result.output.count("facts that the answer holds                      100.0%") == 2


def test_a_regression_is_exit_status_seven(bare: Shell, cases: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    words = ("eval", "answers", "--cases", str(cases), "--baseline", str(baseline))
    assert bare(*words, "--keep").exit_code == exits.ANSWERED
    assert bare(*words).exit_code == exits.ANSWERED
    cases.write_text(json.dumps({**CASES[0], "gold": [{"source": SOURCE, "code": "E73-A"}]}))
    result = bare(*words)
    assert result.exit_code == exits.REGRESSION == 7
    assert "worse: exact_code of train" in result.output


def test_no_cases_are_red(bare: Shell, tmp_path: Path) -> None:
    empty = tmp_path / "none.jsonl"
    empty.write_text("")
    assert bare("eval", "answers", "--cases", str(empty)).exit_code == exits.FAILED
    assert bare("eval", "retrieval", "--cases", str(empty)).exit_code == exits.FAILED


def test_nothing_but_errors_is_red(bare: Shell, tmp_path: Path) -> None:
    file = tmp_path / "few.jsonl"
    file.write_text(json.dumps({**CASES[0], "question": "   "}))  # the agent refuses an empty question
    result = bare("eval", "answers", "--cases", str(file))
    assert result.exit_code == exits.FAILED
    assert "error a: invalid_input" in result.output


def test_a_split_that_nobody_has_is_an_empty_run(bare: Shell, cases: Path) -> None:
    assert bare("eval", "answers", "--cases", str(cases), "--split", "other").exit_code == exits.FAILED


def test_wrong_cases_are_wrong_input(bare: Shell, tmp_path: Path) -> None:
    file = tmp_path / "few.jsonl"
    file.write_text("{")
    assert bare("eval", "answers", "--cases", str(file)).exit_code == exits.WRONG_INPUT
    assert bare("eval", "answers", "--cases", str(file), "--keep").exit_code == exits.WRONG_INPUT
    empty = tmp_path / "empty"
    empty.mkdir()
    file.write_text(json.dumps(CASES[0]))
    assert bare("eval", "answers", "--cases", str(file), "--documents", str(empty)).exit_code == exits.WRONG_INPUT


def test_retrieval_is_measured_on_cases(bare: Shell, cases: Path) -> None:
    result = bare("eval", "retrieval", "--cases", str(cases))
    assert result.exit_code == exits.ANSWERED, result.output
    assert "few ours   nDCG@10 1.000  recall@10 1.000  MRR@10 1.000  success@1 1.000" in result.output
    assert all(f"few {search:<6}" in result.output for search in ("BM25", "dense", "RRF"))


def test_retrieval_is_measured_on_several_sets_in_one_table(bare: Shell, cases: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    rows = [
        {"_id": f"d{n}", "title": "", "text": f"the {word} of the train"} for n, word in enumerate(("pump", "door"))
    ]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "which pump"}')
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\td0\t1\n")
    words = ("eval", "retrieval", "--cases", str(cases), "--cases", str(folder), "--home", str(tmp_path / "kept"))
    result = bare(*words, "--json", "--report", str(tmp_path / "out"))
    assert result.exit_code == exits.ANSWERED, result.output
    few, other = json.loads(result.stdout)["rankings"]
    assert (few["name"], other["name"], other["parts"][0]["questions"]) == ("few", "set", 1)
    ours = other["parts"][0]["standings"][0]
    assert (ours["search"], ours["figures"]["nDCG@10"]["value"], ours["lead"]["value"]) == ("ours", 1.0, 0.0)
    assert (tmp_path / "kept" / "set").is_dir()
    assert "| set | 1 | ours | 1.000 |" in (tmp_path / "out" / "ranking.md").read_text()


def test_gaps_are_listed_after_something_was_not_known(shell: Shell) -> None:
    shell("ask", "What is E987-X?")
    shell("ask", "What is E987-X, again?")
    told = json.loads(shell("gaps", "--limit", "500", "--json").stdout)["gaps"]
    assert ("code", "E987-X", 2) in [(gap["kind"], gap["what"], gap["count"]) for gap in told]
    assert "E987-X" in shell("gaps", "--limit", "500").output
