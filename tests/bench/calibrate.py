"""How far the relevance can be trusted: fits its curve on the sample's training split, and draws what came of it.

    python -m tests.bench.calibrate [--draw FILE.svg]

Questions that name a fault code are left out, since a code is known or not. Every figure is of questions that the curve
was not fitted on: ten parts, each judged by the other nine, five times over.
"""

import argparse
import asyncio
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

from app.core.settings.threads import one_each

one_each()

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from app.core.principal import LOCAL  # noqa: E402
from app.core.settings import load  # noqa: E402
from app.evaluate.cases import read  # noqa: E402
from app.faults.codes import find  # noqa: E402
from app.graph.understand import mentions, search_text  # noqa: E402
from app.ingest.pipeline import IngestPipeline  # noqa: E402
from app.receipts.intervals import wilson  # noqa: E402
from app.records.home import open_records  # noqa: E402
from app.retrieval.base import RELEVANT, Query  # noqa: E402
from app.retrieval.embedders.table import EMBEDDERS  # noqa: E402
from app.retrieval.encoder import Encoder  # noqa: E402
from app.retrieval.fused import FusedRetriever  # noqa: E402
from app.retrieval.relevance import CURVES, WORDS  # noqa: E402
from app.retrieval.search import signs  # noqa: E402
from app.retrieval.seeds import seeds  # noqa: E402
from app.retrieval.stores.embedded import EmbeddedStore  # noqa: E402

ROOT = Path(__file__).parents[2]
CASES, SYMPTOMS = ROOT / "training/data/eval.jsonl", ROOT / "tests/knowledge/symptoms.jsonl"
PARTS, TIMES, CALM = 10, 5, 0.3
BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0)
Numbers = NDArray[np.float64]


def questions() -> list[tuple[str, bool]]:
    """Text, and whether the shelf can answer it."""
    cases = [case for case in read(CASES) if case.split == "train" and not mentions(case.question)]
    rows = [json.loads(line) for line in SYMPTOMS.read_text().splitlines()]
    told = [(row["question"], row["answerable"]) for row in rows if not find(row["question"])]
    return [(search_text(case.question), case.answerable) for case in cases] + told


async def measured(asked: list[tuple[str, bool]]) -> Numbers:
    """-> (questions, 3): covered, absent, cosine"""
    embedder = EMBEDDERS["minilm"](load())
    embedder.load()
    with tempfile.TemporaryDirectory() as home, ThreadPoolExecutor(2) as pool:
        records = open_records(Path(home))
        await records.open()
        await IngestPipeline(records.documents, embedder, pool, seeds=seeds).folder(
            LOCAL, "main", ROOT / "app/knowledge"
        )
        store = EmbeddedStore(records.truth, embedder.model, embedder.dimensions, pool)
        retriever = FusedRetriever(store, Encoder(embedder), records.truth, pool)
        found = [await retriever.explain(Query(text)) for text, _ in asked]
        await records.close()
    read_off = [signs(e.query.text, e.lanes, e.retrieved.passages) for e in found]
    return np.array([(s.covered, s.absent, s.cosine or 0.0) for s in read_off])


def fit(signs: Numbers, right: Numbers) -> Numbers:
    """Logistic regression by Newton's steps, held back a little -> a weight for each column, and the bias."""
    mean, spread = signs.mean(0), signs.std(0) + 1e-9
    scaled = np.c_[(signs - mean) / spread, np.ones(len(signs))]
    weights, held = np.zeros(scaled.shape[1]), np.r_[np.full(signs.shape[1], CALM), 0.0]
    for _ in range(50):
        likely = 1 / (1 + np.exp(-scaled @ weights))
        bend = (scaled * (likely * (1 - likely))[:, None]).T @ scaled + np.diag(held + 1e-6)
        weights -= np.linalg.solve(bend, scaled.T @ (likely - right) + held * weights)
    slopes = weights[:-1] / spread
    return np.r_[slopes, weights[-1] - slopes @ mean]


def unseen(signs: Numbers, right: Numbers) -> Numbers:
    """-> (times, questions): each question's probability by a curve that never saw it"""
    told = np.zeros((TIMES, len(right)))
    for time in range(TIMES):
        part = np.random.default_rng(time).integers(0, PARTS, len(right))
        for number in range(PARTS):
            weights = fit(signs[part != number], right[part != number])
            told[time, part == number] = 1 / (1 + np.exp(-(signs[part == number] @ weights[:-1] + weights[-1])))
    return told


def report(name: str, signs: Numbers, right: Numbers) -> Numbers:
    told = unseen(signs, right)
    slopes = ", ".join(f"{value:.2f}" for value in fit(signs, right))
    ranked = np.mean([auc(row, right) for row in told])
    brier = np.mean((told - right) ** 2)
    print(f"{name}: weights {slopes}; unseen: AUC {ranked:.3f}, Brier {brier:.3f}")
    for threshold in (0.4, 0.5, 0.55, 0.6, 0.65, 0.7):
        refused, withheld = np.mean(told[:, right == 0] < threshold), np.mean(told[:, right == 1] < threshold)
        print(f"  below {threshold:.2f}: {refused:.1%} of the unanswerable, {withheld:.1%} of the answerable")
    return told.mean(0)


def auc(told: Numbers, right: Numbers) -> float:
    ahead = told[right == 1][:, None] - told[right == 0]
    return float(((ahead > 0) + 0.5 * (ahead == 0)).mean())


def draw(told: Numbers, right: Numbers) -> str:
    """Reliability: what was said against what was so, a bar for the 95 % interval, the diagonal for perfect."""
    size, edge = 360, 50

    def x(value: float) -> float:
        return round(edge + size * value, 1)

    def y(value: float) -> float:
        return round(edge + size * (1 - value), 1)

    body = [f'<line x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}" stroke="#999" stroke-dasharray="4"/>']
    body += [f'<rect x="{x(0)}" y="{y(1)}" width="{size}" height="{size}" fill="none" stroke="#333"/>']
    dashed = 'stroke="#d1622b" stroke-dasharray="2"'
    body += [f'<line x1="{x(RELEVANT)}" y1="{y(0)}" x2="{x(RELEVANT)}" y2="{y(1)}" {dashed}/>']
    for low, high in pairwise(BINS):
        inside = (told >= low) & (told < high if high < 1 else told <= 1)
        n, hits, at = int(inside.sum()), int(right[inside].sum()), float(told[inside].mean()) if inside.any() else 0.0
        if n:
            bottom, top = wilson(hits, n)
            body += [
                f'<line x1="{x(at)}" y1="{y(bottom)}" x2="{x(at)}" y2="{y(top)}" stroke="#1b6ca8" stroke-width="2"/>'
            ]
            body += [f'<circle cx="{x(at)}" cy="{y(hits / n)}" r="4" fill="#1b6ca8"/>']
            body += [f'<text x="{x(at) + 6}" y="{y(hits / n) + 14}">{hits}/{n}</text>']
    for tick in (0, 0.2, 0.4, 0.6, 0.8, 1):
        body += [f'<text x="{x(tick)}" y="{y(0) + 18}" text-anchor="middle">{tick:g}</text>']
        body += [f'<text x="{x(0) - 8}" y="{y(tick) + 4}" text-anchor="end">{tick:g}</text>']
    body += [f'<text x="{x(0.5)}" y="{y(0) + 38}" text-anchor="middle">relevance that was told</text>']
    body += [f'<text x="{x(0)}" y="{y(1) - 12}">share that the shelf can answer, with 95 %; dashed: threshold</text>']
    box = f'width="{size + 2 * edge}" height="{size + 2 * edge}" viewBox="0 0 {size + 2 * edge} {size + 2 * edge}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-family="sans-serif" font-size="12" fill="#333">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *body, "</svg>\n"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draw", type=Path)
    options = parser.parse_args()
    asked = questions()
    right = np.array([answerable for _, answerable in asked], dtype=np.float64)
    signs = asyncio.run(measured(asked))
    print(f"{len(asked)} questions, {int(right.sum())} answerable; now {CURVES} and {WORDS}")
    report("words alone", signs[:, :2], right)
    told = report("with cosine", signs, right)
    if options.draw:
        options.draw.write_text(draw(told, right), encoding="utf-8")


if __name__ == "__main__":
    main()
