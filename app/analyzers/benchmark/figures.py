"""The trials of one analyzer become its row: pure, so that no figure depends on how it was come by."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from app.analyzers.benchmark.base import Mean, Opinion, Rate, Row, Trial, Used


def row(
    label: str,
    trials: Sequence[Trial],
    used: Used,
    likeness: tuple[Mean, Mean] = (Mean(), Mean()),
    opinion: Opinion | None = None,
) -> Row:
    opinion = opinion or Opinion()
    good = [trial for trial in trials if not trial.error]
    wrong = len(trials) - len(good)
    times = sorted(trial.latency_ms for trial in good)
    firsts = sorted(trial.first_ms for trial in good if trial.first_ms is not None)
    seconds = sum(times) / 1000
    return Row(
        status="failed" if not good else "errors" if wrong else "ok",
        reason="" if good else "no question was asked" if not trials else "it gave no answer without an error",
        label=label,
        questions=len(trials),
        avg_latency_ms=_ms(sum(times) / len(times)) if times else None,
        p50_latency_ms=percentile(times, 0.50),
        p95_latency_ms=percentile(times, 0.95),
        p99_latency_ms=percentile(times, 0.99),
        first_statement_ms=percentile(firsts, 0.50),
        tokens_per_s=_speed(sum(trial.tokens_out for trial in good), seconds),
        tokens_in=sum(trial.tokens_in for trial in good),
        tokens_out=sum(trial.tokens_out for trial in good),
        cost=round(sum(trial.cost for trial in good), 6),
        currency=next((trial.currency for trial in good), "EUR"),
        confidence=confidence(good),
        citation_validity=Rate.of(sum(t.valid for t in good), sum(t.statements for t in good)),
        fact_coverage=facts(good),
        abstention=silence(good, answerable=False),
        withheld=silence(good, answerable=True),
        errors=Rate.of(wrong, len(trials)),
        error_codes=Counter(trial.error for trial in trials if trial.error),
        bleu=likeness[0],
        rouge_l=likeness[1],
        thumbs_up=Rate.of(opinion.thumbs_up, opinion.thumbs),
        causes_corrected=Rate.of(opinion.corrected, opinion.closed),
        used=used,
    )


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """By nearest rank: a time that was measured, none in between."""
    return _ms(ordered[math.ceil(share * len(ordered)) - 1]) if ordered else None


def confidence(trials: Sequence[Trial]) -> float | None:
    """The mean share of proved statements, over the answers that say anything."""
    shares = [trial.proved / trial.statements for trial in trials if trial.statements]
    return round(sum(shares) / len(shares), 4) if shares else None


def facts(trials: Sequence[Trial]) -> Rate:
    known = [trial for trial in trials if trial.paper.answerable]
    hits = sum(bool(re.search(fact, trial.told, re.I)) for trial in known for fact in trial.paper.facts)
    return Rate.of(hits, sum(len(trial.paper.facts) for trial in known))


def silence(trials: Sequence[Trial], *, answerable: bool) -> Rate:
    known = [trial for trial in trials if trial.paper.answerable is answerable]
    return Rate.of(sum(not trial.told for trial in known), len(known))


def _speed(tokens: int, seconds: float) -> float | None:
    return round(tokens / seconds, 1) if tokens and seconds else None


def _ms(value: float) -> float:
    return round(value, 2)
