"""How near an answer's words are to what the documents say: BLEU and ROUGE-L, by the libraries that papers use."""

from collections.abc import Sequence

from app.analyzers.benchmark.base import Mean, Trial


def likeness(trials: Sequence[Trial]) -> tuple[Mean, Mean]:
    """-> BLEU and ROUGE-L (F), each 0..1 and the mean over answers that have a reference.

    Slow to import, so it is called in a thread. Without the libraries there is no value.
    """
    pairs = [(trial.told, trial.paper.reference) for trial in trials if trial.told and trial.paper.reference]
    if not pairs:
        return Mean(), Mean()
    try:
        from rouge_score.rouge_scorer import RougeScorer
        from sacrebleu.metrics import BLEU
    except ImportError:
        return Mean(), Mean()
    bleu, rouge = BLEU(effective_order=True), RougeScorer(["rougeL"])
    bleus = [bleu.sentence_score(told, [reference]).score / 100 for told, reference in pairs]
    rouges = [rouge.score(reference, told)["rougeL"].fmeasure for told, reference in pairs]
    return _mean(bleus), _mean(rouges)


def _mean(values: Sequence[float]) -> Mean:
    return Mean(round(sum(values) / len(values), 4), len(values))
