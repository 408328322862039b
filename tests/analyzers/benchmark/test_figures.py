"""What one trial and one row tell: on real statements, checked by the house's own receipts."""

import pytest

from app.analyzers.backends.evidence import EvidenceAnalyzer
from app.analyzers.benchmark.base import Mean, Opinion, Rate, Trial, Used
from app.analyzers.benchmark.figures import percentile, row
from app.analyzers.benchmark.texts import likeness
from app.analyzers.benchmark.trial import attempt
from app.analyzers.benchmark.used import Meter
from app.core.brief import Text
from app.core.errors import AnalyzerRateLimited
from app.core.settings.analyzers import EVIDENCE
from tests.analyzers.benchmark.fakes import FALSE, GOLDEN, RECENT, TRUE, UNANSWERABLE, saying
from tests.fakes import FakeAnalyzer


async def test_a_trial_counts_what_stands_and_what_does_not() -> None:
    trial = await attempt(saying("a", TRUE, FALSE), GOLDEN)
    assert (trial.statements, trial.valid, trial.proved, trial.error) == (2, 1, 1, "")
    assert "leaking coupling hose" in trial.told and "rusty" not in trial.told
    assert (trial.tokens_in, trial.tokens_out) == (10, 5)
    assert trial.first_ms is not None and 0 < trial.first_ms <= trial.latency_ms


async def test_evidence_quotes_what_stands_there() -> None:
    trial = await attempt(EvidenceAnalyzer("evidence", EVIDENCE), GOLDEN)
    assert trial.statements == trial.valid == trial.proved > 3
    made = row("evidence", [trial], Used())
    assert (made.citation_validity.share, made.confidence, made.fact_coverage.hits) == (1.0, 1.0, 2)


async def test_an_error_is_no_answer_and_no_time() -> None:
    broken = saying("a", TRUE, fails_after=0, error=AnalyzerRateLimited("wait"))
    slow = FakeAnalyzer("b", "x", pause=30)
    slow.budget_s = 0.05
    trials = [await attempt(saying("a", TRUE), GOLDEN), await attempt(broken, GOLDEN), await attempt(slow, GOLDEN)]
    made = row("a", trials, Used())
    assert made.status == "errors" and made.questions == 3
    assert made.errors == Rate.of(2, 3)
    assert made.error_codes == {"analyzer_rate_limited": 1, "analyzer_timeout": 1}
    assert made.p99_latency_ms == pytest.approx(trials[0].latency_ms, abs=0.01)  # the time-out is not among the times


async def test_only_errors_is_a_failed_row_without_any_time() -> None:
    broken = saying("a", fails_after=0)
    made = row("a", [await attempt(broken, GOLDEN)], Used())
    assert (made.status, made.avg_latency_ms, made.p95_latency_ms, made.fact_coverage.n) == ("failed", None, None, 0)
    assert row("a", [], Used()).status == "failed"


async def test_abstention_is_right_only_where_the_documents_do_not_answer() -> None:
    silent = saying("a")
    made = row("a", [await attempt(silent, paper) for paper in (GOLDEN, UNANSWERABLE, RECENT)], Used())
    assert (made.abstention, made.withheld) == (Rate.of(1, 1), Rate.of(1, 1))
    assert made.fact_coverage == Rate.of(0, 2)
    assert made.confidence is None and made.citation_validity.n == 0


async def test_text_after_a_restart_replaces_what_was_said() -> None:
    from app.core.brief import Restart

    class Twice(FakeAnalyzer):
        async def stream(self, brief):  # type: ignore[no-untyped-def]
            yield Text('{"statements": [{"kind": "cause", "text": "wrong", "citations": [1]}')
            yield Restart("another one answers")
            async for delta in super().stream(brief):
                yield delta

    trial = await attempt(Twice("a", saying("a", TRUE).text), GOLDEN)
    assert (trial.statements, trial.proved) == (1, 1)


def test_percentiles_are_times_that_were_measured() -> None:
    times = [float(n) for n in range(1, 101)]
    assert [percentile(times, share) for share in (0.5, 0.95, 0.99)] == [50.0, 95.0, 99.0]
    assert percentile([3.0], 0.99) == 3.0
    assert percentile([], 0.5) is None


def test_a_row_adds_up() -> None:
    trials = [
        Trial(RECENT, 100.0, 40.0, tokens_in=10, tokens_out=20, cost=0.01, currency="USD", statements=2, proved=1),
        Trial(RECENT, 300.0, 60.0, tokens_in=10, tokens_out=20, cost=0.02, currency="USD", statements=1, proved=1),
    ]
    made = row("a@1#0", trials, Used(cpu_s=1.0), opinion=Opinion(3, 4, 1, 2))
    assert (made.avg_latency_ms, made.p50_latency_ms, made.p95_latency_ms) == (200.0, 100.0, 300.0)
    assert (made.first_statement_ms, made.tokens_per_s, made.confidence) == (40.0, 100.0, 0.75)
    assert (made.cost, made.currency) == (0.03, "USD")
    assert (made.thumbs_up.n, made.causes_corrected.hits) == (4, 1)


def test_every_rate_carries_its_interval() -> None:
    rate = Rate.of(8, 10)
    assert (rate.share, rate.n) == (0.8, 10)
    assert 0.44 < rate.low < 0.5 and 0.93 < rate.high < 0.95
    assert (Rate.of(0, 0).low, Rate.of(0, 0).high) == (0.0, 1.0)


def test_likeness_is_one_for_the_same_words_and_counts_its_answers() -> None:
    pytest.importorskip("sacrebleu")
    pytest.importorskip("rouge_score")
    words = GOLDEN.reference
    same, other = Trial(GOLDEN, 1.0, told=words), Trial(GOLDEN, 1.0, told="Nobody knows anything at all about this")
    assert likeness([same]) == (Mean(1.0, 1), Mean(1.0, 1))
    bleu, rouge = likeness([same, other])
    assert bleu.n == rouge.n == 2 and 0.4 < (rouge.value or 0) < 0.6
    assert likeness([Trial(RECENT, 1.0, told=words), Trial(GOLDEN, 1.0)]) == (Mean(), Mean())


def test_the_meter_counts_only_between_begin_and_look() -> None:
    meter = Meter()
    meter.look()
    assert (meter.read().cpu_s, meter.read().ram_mb) == (0.0, None)
    meter.begin()
    sum(n * n for n in range(2_000_000))
    meter.look()
    used = meter.read()
    assert used.cpu_s > 0.01 and used.cpu_share > 0 and used.ram_mb and used.ram_mb > 10
    sum(n * n for n in range(2_000_000))
    assert meter.read() == used
