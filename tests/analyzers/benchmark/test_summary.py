"""Fastest, best and advised: only where the figures bear it out."""

from xml.etree import ElementTree

from app.analyzers.benchmark.base import Rate, Round, Row
from app.analyzers.benchmark.plot import plot
from app.analyzers.benchmark.summary import summarize

NONE = Rate()


def row(
    p50: float | None, facts: Rate = NONE, *, p95: float | None = None, errors: Rate | None = None, **more: object
) -> Row:
    n = 10
    return Row(
        status="ok",
        questions=n,
        p50_latency_ms=p50,
        p95_latency_ms=p95 or p50,
        fact_coverage=facts,
        errors=errors or Rate.of(0, n),
        **more,  # type: ignore[arg-type]
    )


def made(active: str = "a", status: str = "ok", requests: int = 50, **models: Row) -> Round:
    return Round("id", f"2026-01-01T00:00:{requests:02}", requests, "test", status, active, models)  # type: ignore[arg-type]


def advised(**models: Row) -> tuple[str, bool, str]:
    summary = summarize([made(**models)], running=False, requests=1)
    assert summary.recommendation is not None
    return summary.recommendation.analyzer, summary.recommendation.change, summary.recommendation.why


def test_before_the_first_round_nothing_is_claimed() -> None:
    summary = summarize([], running=True, requests=3)
    assert (summary.status, summary.running, summary.requests, summary.fastest_model) == ("never", True, 3, None)


def test_a_better_one_is_advised_only_when_the_intervals_part() -> None:
    clear = {"a": row(100, Rate.of(10, 50)), "b": row(900, Rate.of(48, 50))}
    name, change, why = advised(**clear)
    assert (name, change) == ("b", True) and "n=50" in why and "[" in why
    unclear = {"a": row(100, Rate.of(3, 5)), "b": row(900, Rate.of(5, 5))}
    name, change, why = advised(**unclear)
    assert (name, change) == ("a", False) and "no difference is shown" in why


def test_as_good_and_clearly_faster_is_advised() -> None:
    models = {"a": row(1000, Rate.of(40, 50)), "b": row(100, Rate.of(40, 50))}
    assert advised(**models)[:2] == ("b", True)
    assert advised(a=row(1000, Rate.of(40, 50)), b=row(900, Rate.of(40, 50)))[:2] == ("a", False)
    assert advised(a=row(1000, Rate.of(40, 50)), b=row(100, Rate.of(39, 50)))[:2] == ("a", False)
    assert advised(a=row(1000, Rate.of(40, 50)), b=row(100, Rate.of(40, 50), p95=2000))[:2] == ("a", False)
    assert advised(a=row(1000, Rate.of(40, 50)), b=row(100, Rate.of(40, 50), errors=Rate.of(1, 10)))[:2] == ("a", False)


def test_one_that_does_not_answer_is_replaced() -> None:
    dead = Row("failed", errors=Rate.of(10, 10))
    name, change, why = advised(a=dead, b=row(100, Rate.of(1, 50)))
    assert (name, change) == ("b", True) and "a did not answer" in why


def test_fastest_and_best_are_told_apart_and_skipped_ones_are_neither() -> None:
    models = {
        "a": row(500, Rate.of(30, 50)),
        "quick": row(10, Rate.of(1, 50)),
        "wise": row(900, Rate.of(49, 50)),
        "gone": Row("skipped", "no room"),
    }
    summary = summarize([made(**models)], running=False, requests=1)
    assert (summary.fastest_model, summary.best_model) == ("quick", "wise")
    assert summary.models["gone"].reason == "no room"


def test_without_golden_questions_the_citations_decide() -> None:
    models = {
        "a": row(100, citation_validity=Rate.of(5, 50)),
        "b": row(100, citation_validity=Rate.of(50, 50)),
    }
    name, change, why = advised(**models)
    assert (name, change) == ("b", True) and "valid citations" in why


def test_a_deferred_round_leaves_the_figures_of_the_one_before() -> None:
    old, new = made(a=row(100)), made(status="deferred", requests=59, a=Row("deferred"))
    summary = summarize([new, old], running=False, requests=59)
    assert (summary.status, summary.request_count, summary.fastest_model) == ("deferred", 50, "a")
    assert [past.request_count for past in summary.history] == [50, 59]


def test_only_errors_advises_nothing() -> None:
    summary = summarize([made(status="failed", a=Row("failed", errors=Rate.of(3, 3)))], running=False, requests=1)
    assert (summary.status, summary.best_model, summary.recommendation) == ("failed", None, None)


def test_the_plot_is_an_svg_with_a_mark_for_every_time() -> None:
    rounds = [made(requests=50, a=row(90), b=row(2500)), made(requests=51, a=row(80), b=Row("skipped"))]
    summary = summarize(rounds[::-1], running=False, requests=51)
    drawn = ElementTree.fromstring(plot(summary.history))
    circles = drawn.findall(".//{http://www.w3.org/2000/svg}circle")
    assert len(circles) == 3 + 2  # times, and the key
    assert ElementTree.fromstring(plot(())) is not None
