"""The report says every figure with its interval, marks what is missed, and draws it."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from app.evaluate.report import lines, worked_out, write
from app.evaluate.summary import summarize
from app.evaluate.told import Evaluation
from tests.evaluate.fakes import case, diagnosis, nothing, outcome, unanswerable


def evaluation() -> Evaluation:
    outcomes = [
        outcome(case("a")),
        outcome(case("b & <c>", kind="symptom"), nothing()),
        outcome(case("secret", split="test"), nothing()),
        outcome(unanswerable("d"), nothing()),
        replace(outcome(case("broken")), diagnosis=None, error="store_unavailable: gone"),
        outcome(case("e"), diagnosis(degraded=("embedder_unavailable",))),
    ]
    return Evaluation("eval", summarize(outcomes), 1.5, 20, "evidence@1#0", "hash")


def test_the_report_has_every_figure_and_no_case_of_the_test_split(tmp_path: Path) -> None:
    text = write(tmp_path, [evaluation()]).read_text()
    assert (
        "| facts that the answer holds | ≥ 80% | **0.0% [0.0%, 65.8%] (0/2)** | **66.7% [30.0%, 90.3%] (4/6)** |"
        in text
    )
    assert "BM25 pasted" in text
    assert "store_unavailable: gone" in text
    assert "embedder_unavailable: 1" in text
    assert "Question b & <c>" in text
    assert "secret" not in text


def test_the_questions_of_somebody_else_stay_out_of_the_report(tmp_path: Path) -> None:
    text = write(tmp_path, [replace(evaluation(), quoted=False)]).read_text()
    assert "`b & <c>` (symptom, insufficient_evidence)" in text
    assert "Question b" not in text


def test_the_plots_are_sound_svg_and_the_report_shows_them(tmp_path: Path) -> None:
    text = write(tmp_path, [evaluation()]).read_text()
    drawn = sorted(file.name for file in tmp_path.glob("*.svg"))
    assert drawn == ["answers-eval-kind.svg", "answers-eval-subsystem.svg", "answers-eval.svg"]
    for name in drawn:
        assert f"({name})" in text
        root = ElementTree.parse(tmp_path / name).getroot()
        assert root.findall(".//{http://www.w3.org/2000/svg}circle")


def test_a_terminal_gets_the_same_figures_with_a_mark_at_what_is_missed() -> None:
    told = list(lines(evaluation()))
    assert "6 cases, 1 errors" in told[0]
    assert any(line.strip().startswith("! facts that the answer holds") for line in told)
    assert "  error broken: store_unavailable: gone" in told


def test_machines_get_shares_with_intervals() -> None:
    facts = worked_out(evaluation())["train"]["facts"]
    assert facts["share"] == 4 / 6
    assert (facts["n"], facts["must"], facts["met"]) == (6, 0.8, False)
