"""What each part of the ranking is worth: fusion with one thing changed at a time, on the sample's training split.

    python -m tests.bench.quality

The questions are those of training/data/eval.jsonl (split train) and of tests/knowledge/symptoms.jsonl; those that name
a known code are left out, for they are led by it whatever the rest does. No other set is looked at here.
"""

import asyncio
import json
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.settings.threads import one_each

one_each()

from app.core.document import Passage  # noqa: E402
from app.core.principal import LOCAL  # noqa: E402
from app.core.settings import load  # noqa: E402
from app.evaluate.base import Case, Place  # noqa: E402
from app.evaluate.cases import read  # noqa: E402
from app.evaluate.ranking import figures  # noqa: E402
from app.graph.understand import mentions, search_text  # noqa: E402
from app.ingest.pipeline import IngestPipeline  # noqa: E402
from app.records.home import open_records  # noqa: E402
from app.retrieval import asked, fusion  # noqa: E402
from app.retrieval.base import Lanes, Query  # noqa: E402
from app.retrieval.embedders.table import EMBEDDERS  # noqa: E402
from app.retrieval.encoder import Encoder  # noqa: E402
from app.retrieval.seeds import seeds  # noqa: E402
from app.retrieval.stores.embedded import EmbeddedStore  # noqa: E402

ROOT = Path(__file__).parents[2]
FIVE = 5
Order = Callable[[Lanes], list[str]]


@dataclass(frozen=True)
class Shelf:
    """`lanes` with the glossary, `bare` without it; `passages` by chunk."""

    cases: Sequence[Case]
    lanes: Sequence[Lanes]
    bare: Sequence[Lanes]
    passages: dict[str, Passage]


def cases() -> list[Case]:
    own = [case for case in read(ROOT / "training/data/eval.jsonl") if case.split == "train" and case.gold]
    rows = [json.loads(line) for line in (ROOT / "tests/knowledge/symptoms.jsonl").read_text().splitlines()]
    gold = [(row["question"], Place(row["source"], row["code"])) for row in rows if row["answerable"]]
    made = [replace(own[0], id=f"symptom {n}", question=replace(own[0].question, text=q, log=""), gold=(place,))
            for n, (q, place) in enumerate(gold)]  # fmt: skip
    return own + made


async def shelf() -> Shelf:
    embedder = EMBEDDERS["minilm"](load())
    embedder.load()
    encoder = Encoder(embedder)
    with tempfile.TemporaryDirectory() as home, ThreadPoolExecutor(2) as pool:
        records = open_records(Path(home))
        await records.open()
        await IngestPipeline(records.documents, encoder, pool, seeds=seeds).folder(
            LOCAL, "main", ROOT / "app/knowledge"
        )
        store = EmbeddedStore(records.truth, embedder.model, embedder.dimensions, pool)

        async def all_lanes(asked_for: Sequence[Case], told: Callable[[str], str]) -> list[Lanes]:
            queries = [Query(search_text(case.question), mentions=mentions(case.question)) for case in asked_for]
            return [await store.lanes(query, 50, lambda text: encoder(told(text))) for query in queries]

        given = cases()
        lanes = await all_lanes(given, lambda text: asked.asked(text).told)
        kept = [number for number, found in enumerate(lanes) if not found.known]
        trade, asked.trade = asked.trade, lambda: replace(trade(), english={}, foreign={"de": {}, "fr": {}})  # type: ignore[assignment]
        asked.asked.cache_clear()
        bare = await all_lanes([given[number] for number in kept], str)
        ids = {hit.chunk_id for found in (*lanes, *bare) for hit in (*found.dense, *found.sparse)}
        passages = {passage.id: passage for passage in records.truth.passages("main", sorted(ids))}
        await records.close()
    return Shelf([given[number] for number in kept], [lanes[number] for number in kept], bare, passages)


def measure(name: str, given: Shelf, lanes: Sequence[Lanes], order: Order) -> None:
    gains, hits = [], []
    for case, found in zip(given.cases, lanes, strict=True):
        ranked: list[str] = []
        for chunk_id in order(found):
            passage = given.passages[chunk_id]
            at = next((at for at, place in enumerate(case.gold) if place.holds(passage)), None)
            label = chunk_id if at is None else f"place {at}"
            ranked += [] if label in ranked else [label]
        gains.append(figures(ranked, {f"place {at}": 1 for at in range(len(case.gold))}))
        hits.append(any(label.startswith("place ") for label in ranked[:FIVE]))
    means = [sum(row[figure] for row in gains) / len(gains) for figure in ("nDCG@10", "MRR@10", "success@1")]
    print(f"| {name} | {means[0]:.3f} | {means[1]:.3f} | {means[2]:.1%} | {sum(hits) / len(hits):.1%} |", flush=True)


def fused(lanes: Lanes) -> list[str]:
    return [candidate.chunk_id for candidate in fusion.fuse(lanes)[0]]


def by_rank(lanes: Lanes, k: int = 60) -> list[str]:
    scores: dict[str, float] = {}
    for lane in (lanes.dense, lanes.sparse):
        for rank, hit in enumerate(lane, start=1):
            scores[hit.chunk_id] = scores.get(hit.chunk_id, 0.0) + 1 / (k + rank)
    return sorted(scores, key=lambda chunk_id: -scores[chunk_id])


def scaled(lanes: Lanes, times: bool) -> list[str]:
    """Each lane stretched over 0..1 and summed; `times` also by how many lanes found it (CombMNZ)."""
    scores: dict[str, list[float]] = {}
    for lane in (lanes.dense, lanes.sparse):
        low, high = (lane[-1].score, lane[0].score) if lane else (0.0, 1.0)
        for hit in lane:
            scores.setdefault(hit.chunk_id, []).append((hit.score - low) / (high - low or 1.0))
    value = {chunk_id: sum(own) * (len(own) if times else 1) for chunk_id, own in scores.items()}
    return sorted(value, key=lambda chunk_id: -value[chunk_id])


def main() -> None:
    given = asyncio.run(shelf())
    both = list(zip(given.lanes, given.bare, strict=True))
    undefined = [replace(lanes, defining=frozenset()) for lanes in given.lanes]
    print(f"{len(given.cases)} questions\n\n| what | nDCG@10 | MRR@10 | first right | in five |\n|---|---|---|---|---|")
    measure("as it is", given, given.lanes, fused)
    measure("without the glossary", given, given.bare, fused)
    measure("glossary, but none for the embedder", given, [replace(f, dense=b.dense) for f, b in both], fused)
    measure("without the share of definitions", given, undefined, fused)
    for share in (0.0, 0.2, 0.25, 0.4, 0.5, 0.6, 1.0):
        fusion.DENSE, fusion.SPARSE = share, 1 - share
        measure(f"dense {share:.2f}, sparse {1 - share:.2f}", given, given.lanes, fused)
    measure("reciprocal rank, k = 60", given, given.lanes, by_rank)
    measure("reciprocal rank, k = 10", given, given.lanes, lambda lanes: by_rank(lanes, 10))
    measure("CombSUM over stretched scores", given, given.lanes, lambda lanes: scaled(lanes, times=False))
    measure("CombMNZ over stretched scores", given, given.lanes, lambda lanes: scaled(lanes, times=True))
    measure(
        "sparse lane alone, without the glossary", given, given.bare, lambda lanes: [h.chunk_id for h in lanes.sparse]
    )
    measure(
        "dense lane alone, without the glossary", given, given.bare, lambda lanes: [h.chunk_id for h in lanes.dense]
    )


if __name__ == "__main__":
    main()
