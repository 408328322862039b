"""How an experiment stands: what is decided when, and what stops it."""

import math
import random
from dataclasses import replace

import pytest

from app.core.experiment import Arm, Counts, Experiment, Metric, Tally
from app.services.experiment_plot import plot
from app.services.standing import standing

TRIAL = Experiment("short", "main", "local", "analyze", (Arm("a", "file"), Arm("b", "2")), minimum=100)


def tally(n: int, share: float) -> Tally:
    hits = round(n * share)
    return Tally(n, hits, hits)


def spread(n: int, mean: float, deviation: float = 0.3) -> Tally:
    dice = random.Random(3)
    values = [dice.gauss(mean, deviation) for _ in range(n)]
    return Tally(n, math.fsum(values), math.fsum(v * v for v in values))


def counts(exposed: tuple[int, int] = (500, 500), **pairs: tuple[Tally, Tally]) -> Counts:
    tallies = {(arm, metric): t for metric, both in pairs.items() for arm, t in zip("ab", both, strict=True)}
    return Counts(dict(zip("ab", exposed, strict=True)), tallies)


def test_nothing_has_happened_yet() -> None:
    found = standing(TRIAL, Counts())
    assert found.decision == "too early: 0 of 100 outcomes of thumbs" and not found.harm
    assert {v.verdict for v in found.versus} == {"too early"}
    assert all(v.low is None for v in found.versus)


def test_however_clear_it_looks_the_minimum_comes_first() -> None:
    found = standing(TRIAL, counts(thumbs=(tally(99, 0.1), tally(99, 0.9))))
    assert found.versus[0].p < 0.001 and found.decision.startswith("too early: 99 of 100")
    ripe = standing(TRIAL, counts(thumbs=(tally(100, 0.1), tally(100, 0.9))))
    assert ripe.decision == "b is better in thumbs than a: promote it" and not ripe.harm


@pytest.mark.parametrize(
    ("metric", "pair", "told"),
    [
        ("thumbs", (tally(400, 0.8), tally(400, 0.5)), "b is worse in thumbs by 0.3"),
        ("verified", (tally(400, 0.9), tally(400, 0.6)), "b is worse in verified by 0.3"),
        ("latency", (spread(400, 5.0), spread(400, 5.7)), "b is worse in latency by 1.01"),
    ],
)
def test_harm_is_seen_in_the_metric_and_in_the_guardrails(metric: Metric, pair: tuple[Tally, Tally], told: str) -> None:
    assert told in standing(TRIAL, counts(**{metric: pair})).harm
    assert not standing(TRIAL, counts(**{metric: pair[::-1]})).harm


def test_a_guardrail_bends_a_little_before_it_breaks() -> None:
    slower = counts(latency=(spread(20_000, 5.0, 0.1), spread(20_000, 5.0 + math.log(1.05), 0.1)))
    (latency,) = [v for v in standing(TRIAL, slower).versus if v.metric == "latency"]
    assert latency.p < 0.001 and latency.verdict == "open"
    assert latency.difference == pytest.approx(0.05, abs=0.002)


def test_a_crooked_split_makes_it_unbelievable() -> None:
    found = standing(TRIAL, counts((1_000, 600), thumbs=(tally(500, 0.1), tally(500, 0.9))))
    assert found.decision.startswith("do not believe it")


def test_latency_is_told_in_milliseconds() -> None:
    found = standing(TRIAL, counts(latency=(spread(400, math.log(200)), spread(400, math.log(200)))))
    assert found.arms[0].measured["latency"].mean == pytest.approx(200, rel=0.05)


def test_several_arms_share_the_error() -> None:
    three = replace(TRIAL, arms=(*TRIAL.arms, Arm("c", "3")))
    both = counts(thumbs=(tally(300, 0.5), tally(300, 0.6)))
    alone, shared = standing(TRIAL, both).versus[0], standing(three, both).versus[0]
    assert shared.low is not None and alone.low is not None and shared.low < alone.low


def test_the_plot_shows_every_comparison() -> None:
    import xml.etree.ElementTree as ET

    drawn = plot([standing(TRIAL, counts(thumbs=(tally(400, 0.8), tally(400, 0.5))))])
    texts = [e.text for e in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
    assert "short: b, thumbs (n 400/100), worse" in texts
    assert len([t for t in texts if t and t.startswith("short:")]) == 3
    assert ET.fromstring(plot([])) is not None
