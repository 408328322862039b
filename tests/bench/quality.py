"""What retrieval finds, with the real embedder: on the sample shelf's symptoms, and on retrieval sets in BEIR form.

    python -m tests.bench.quality [FOLDER …]     each with corpus.jsonl, queries.jsonl, qrels.tsv

For the shelf it also says where the relevance of answerable and of unanswerable questions lies.
"""

import asyncio
import json
import sys
import tempfile
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

from app.core.settings.threads import one_each

one_each()

import numpy as np  # noqa: E402

from app.core.index import Changes, IndexRow  # noqa: E402
from app.core.principal import LOCAL  # noqa: E402
from app.core.settings import load  # noqa: E402
from app.faults.codes import find  # noqa: E402
from app.ingest.pipeline import IngestPipeline  # noqa: E402
from app.records.home import open_records  # noqa: E402
from app.retrieval.base import Embedder, Query  # noqa: E402
from app.retrieval.embedders.table import EMBEDDERS  # noqa: E402
from app.retrieval.encoder import Encoder  # noqa: E402
from app.retrieval.fused import FusedRetriever  # noqa: E402
from app.retrieval.fusion import fuse  # noqa: E402
from app.retrieval.relevance import THRESHOLD  # noqa: E402
from app.retrieval.stores.embedded import EmbeddedStore  # noqa: E402
from app.retrieval.stores.index import Index  # noqa: E402

ROOT = Path(__file__).parents[2]
SHELF, SYMPTOMS = ROOT / "app/knowledge", ROOT / "tests/knowledge/symptoms.jsonl"


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines() if line.strip()]


async def shelf(embedder: Embedder, pool: Executor) -> None:
    with tempfile.TemporaryDirectory() as home:
        records = open_records(Path(home))
        await records.open()
        await IngestPipeline(records.documents, embedder, pool).folder(LOCAL, "main", SHELF)
        store = EmbeddedStore(records.truth, embedder.model, embedder.dimensions, pool)
        retriever = FusedRetriever(store, Encoder(embedder), records.truth, pool)
        ranks: list[int] = []
        relevances: dict[bool, list[float]] = {True: [], False: []}
        for line in lines(SYMPTOMS):
            question, answerable = str(line["question"]), bool(line["answerable"])
            found = await retriever.retrieve(Query(question, mentions=find(question)))
            relevances[answerable].append(found.relevance)
            if answerable:
                right = [line["code"] in p.defines and p.source == line["source"] for p in found.passages]
                ranks.append(right.index(True) + 1 if True in right else 0)
        await records.close()
    first, third, eighth = (sum(0 < rank <= k for rank in ranks) for k in (1, 3, 8))
    mrr = sum(1 / rank for rank in ranks if rank) / len(ranks)
    print(f"shelf: {len(ranks)} symptoms, right passage first {first}, in 3 {third}, in 8 {eighth}; MRR {mrr:.3f}")
    for answerable, values in relevances.items():
        passed = sum(value >= THRESHOLD for value in values)
        spread = np.percentile(values, [0, 10, 50, 90, 100]).round(2).tolist()
        print(f"  relevance of {'an' if answerable else 'un'}swerable: {spread}; {passed} of {len(values)} pass")


def beir(folder: Path, embedder: Embedder) -> None:
    corpus, queries = lines(folder / "corpus.jsonl"), lines(folder / "queries.jsonl")
    gold: dict[str, dict[str, int]] = {}
    for fields in (line.split("\t") for line in (folder / "qrels.tsv").read_text().splitlines()):
        if fields[-1].lstrip("-").isdigit():
            gold.setdefault(fields[0], {})[fields[-2]] = int(fields[-1])
    texts = [f"{entry.get('title', '')}\n{entry['text']}".strip() for entry in corpus]
    names = [str(entry["_id"]) for entry in corpus]
    vectors = embedder.encode(texts)
    rows = [
        IndexRow(n, n, text, (), (), vector.tobytes()) for n, text, vector in zip(names, texts, vectors, strict=True)
    ]
    view = Index(embedder.dimensions).apply(Changes(1, frozenset(names), tuple(rows)))
    gains: dict[str, list[float]] = {"dense": [], "sparse": [], "fused": []}
    for query in queries:
        if right := gold.get(str(query["_id"])):
            text = str(query["text"])
            lanes = view.lanes(Query(text), embedder.encode([text])[0], 50)
            gains["dense"].append(ndcg([hit.chunk_id for hit in lanes.dense], right))
            gains["sparse"].append(ndcg([hit.chunk_id for hit in lanes.sparse], right))
            gains["fused"].append(ndcg([candidate.chunk_id for candidate in fuse(lanes)[0]], right))
    told = ", ".join(f"{lane} {np.mean(values):.3f}" for lane, values in gains.items())
    print(f"{folder.name}: {len(gains['fused'])} questions, nDCG@10 {told}")


def ndcg(found: list[str], right: dict[str, int], k: int = 10) -> float:
    def gain(grades: list[int]) -> float:
        return sum((2 ** max(grade, 0) - 1) / np.log2(place + 2) for place, grade in enumerate(grades[:k]))

    best = gain(sorted(right.values(), reverse=True))
    return gain([right.get(name, 0) for name in found]) / best if best else 0.0


def main() -> None:
    embedder = EMBEDDERS["minilm"](load())
    embedder.load()
    with ThreadPoolExecutor() as pool:
        asyncio.run(shelf(embedder, pool))
    for folder in sys.argv[1:]:
        beir(Path(folder), embedder)


if __name__ == "__main__":
    main()
