"""One question's work between the index and the truth; all of it happens in a worker thread."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field, replace

from app.core.diagnosis import FaultCode, NearCode
from app.core.document import Passage
from app.faults.codes import near
from app.retrieval.arrange import arrange, settled
from app.retrieval.asked import asked, share
from app.retrieval.base import Lanes, Query, Retrieved, Truth, Vector
from app.retrieval.encoder import Encoder
from app.retrieval.explain import Explanation, Stopwatch
from app.retrieval.fusion import Candidate, batches, explained, fuse, telling_first
from app.retrieval.relevance import Signs, relevance
from app.retrieval.validity import Asked, differs
from app.retrieval.words import spoken

DEEPEST = 4  # times k: how far down candidates are loaded in search of current ones
NEIGHBOURED = 8  # unknown codes of one question that get their near misses

Near = Callable[[str, Set[str]], tuple[NearCode, ...]]


@dataclass(slots=True)
class Search:
    query: Query
    truth: Truth
    encoder: Encoder
    watch: Stopwatch = field(default_factory=Stopwatch)
    degraded: list[str] = field(default_factory=list)

    def encode(self, text: str) -> Vector | None:
        self.watch.lap("wait")
        if not text.strip():
            return None
        vector = self.encoder(asked(text).told)
        if vector is None:
            self.degraded.append("embedder_unavailable")
        self.watch.lap("encode")
        return vector

    def look(self, lanes: Lanes, depth: int = 0) -> tuple[list[Passage], int]:
        """-> the passages worth a look, best first and at least `depth`, and how many lead by an asked code."""
        self.watch.lap("lanes")
        candidates, leading = fuse(lanes)
        self.watch.lap("fuse")
        first = {candidate.chunk_id for candidate in candidates[:leading]}
        loaded = self._load(candidates, max(leading, depth))
        defining = telling_first(passage for passage in loaded if passage.id in first)
        self.watch.lap("passages")
        return [*defining, *(passage for passage in loaded if passage.id not in first)], len(defining)

    def finish(self, lanes: Lanes, loaded: Sequence[Passage]) -> Explanation:
        passages = arrange(loaded, self.query)
        retrieved = Retrieved(
            passages=passages,
            fault_codes=self._fault_codes(lanes),
            relevance=self._relevance(lanes, passages),
            index_version=lanes.index_version,
            degraded=(*self.degraded, *lanes.degraded),
            differs=differs(passages, loaded),
        )
        self.watch.lap("fuse")
        return Explanation(self.query, retrieved, lanes, self.watch.spent)

    def without_store(self, reason: str) -> Explanation:
        """The code lane straight from the truth. Raises what the truth raises."""
        self.watch.lap("wait")
        kb, k = self.query.kb, self.query.k
        found = {code: self.truth.by_code(kb, [code], k) for code in self.query.codes}
        known = {code: tuple(hit.chunk_id for hit in hits) for code, hits in found.items() if hits}
        hits = tuple(hit for hits in found.values() for hit in hits)
        self.degraded.append(reason)
        lanes = Lanes(code=hits, known=known, index_version=self.truth.index_version(kb))
        return self.finish(lanes, self.look(lanes)[0])

    def _load(self, candidates: Sequence[Candidate], least: int) -> list[Passage]:
        """As many as are asked for, and deeper while some of them are superseded, of another asset, or gone."""
        wanted = Asked.of(self.query)
        k, by_id = self.query.k, {candidate.chunk_id: candidate for candidate in candidates}
        found: list[Passage] = []
        for batch in batches(candidates, first=max(k, least), size=k, most=max(DEEPEST * k, least)):
            passages = self.truth.passages(self.query.kb, [candidate.chunk_id for candidate in batch])
            found += [explained(passage, by_id[passage.id]) for passage in passages]
            if sum(settled(passage, wanted, self.query.asset) for passage in found) >= k:
                break
        return found

    def _relevance(self, lanes: Lanes, passages: Sequence[Passage]) -> float:
        if lanes.known or not passages:
            return float(bool(passages))
        return relevance(signs(self.query.text, lanes, passages), self.encoder.model)

    def _fault_codes(self, lanes: Lanes) -> tuple[FaultCode, ...]:
        spelled = {mention.code: mention.spelled for mention in reversed(self.query.mentions)}
        return tuple(FaultCode(code, spelled[code], known=code in lanes.known) for code in self.query.codes)


def neighboured(explanation: Explanation, known: Set[str], near: Near = near) -> Explanation:
    """Each unknown code with the known ones that it may be mistaken for."""
    codes = explanation.retrieved.fault_codes
    unknown = [code.code for code in codes if not code.known][:NEIGHBOURED]
    misses = {code: near(code, known) for code in unknown}
    told = tuple(replace(code, near=misses.get(code.code, ())) for code in codes)
    return replace(explanation, retrieved=replace(explanation.retrieved, fault_codes=told))


def signs(text: str, lanes: Lanes, passages: Sequence[Passage]) -> Signs:
    """What the relevance is read from."""
    best = spoken(f"{passage.title} {passage.section} {passage.text}" for passage in passages[:1])
    cosine = lanes.dense[0].score if lanes.dense else None
    return Signs(asked(text).covered(lanes.weights, best), share(lanes.weights, lanes.absent), cosine)
