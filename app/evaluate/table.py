"""The table of a retrieval evaluation, as Markdown and for a terminal."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from app.evaluate.ranking import FIGURES
from app.evaluate.standing import OURS, Mean, Part, Standing, goal
from app.evaluate.told import Ranking

HEAD = """# How well passages are ranked

Written by `rail-debug eval retrieval --report`; what was tried and lost stands in [retrieval.md](retrieval.md). The
plain searches rank the same passages in the same run: BM25, the nearest vectors of the same embedder, and both joined
by reciprocal rank. *Lead* is ours less theirs in nDCG@10, question by question, with its paired bootstrap 95 %
interval; a bold one says that they are better by more than 0.01 and by more than chance. Milliseconds are those of one
question at a time on a busy machine, its embedding included. The split `test` is one that nothing was fitted to.
"""


def write(folder: Path, rankings: Sequence[Ranking]) -> Path:
    """-> the Markdown file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "ranking.md"
    file.write_text("\n".join([HEAD, *table(rankings), *kinds(rankings), ""]), encoding="utf-8")
    return file


def table(rankings: Sequence[Ranking]) -> Iterator[str]:
    yield "| set | questions | search | " + " | ".join(FIGURES) + " | p50 ms | p95 ms | lead |"
    yield "|---|---|---|" + "---|" * (len(FIGURES) + 3)
    for name, part in _parts(rankings):
        for standing in part.standings:
            yield f"| {name} | {part.questions} | " + " | ".join(_cells(standing)) + " |"
    means = ", ".join(f"{search} {value:.3f}" for search, value in goal([part for _, part in _parts(rankings)]).items())
    yield f"\nMean nDCG@10 over these sets: {means}."


def kinds(rankings: Sequence[Ranking]) -> Iterator[str]:
    yield "\n## First passage right, by kind\n"
    for name, part in _parts(rankings):
        searches = [standing.search for standing in part.standings]
        yield f"\n| {name} | questions | " + " | ".join(searches) + " |"
        yield "|---|---|" + "---|" * len(searches)
        for kind, by in part.kinds.items():
            yield f"| {kind} | {by[OURS].n} | " + " | ".join(f"{by[search].value:.1%}" for search in searches) + " |"


def lines(rankings: Sequence[Ranking]) -> Iterator[str]:
    width = max((len(name) for name, _ in _parts(rankings)), default=0)
    for name, part in _parts(rankings):
        for standing in part.standings:
            told = "  ".join(f"{figure} {standing.figures[figure].value:.3f}" for figure in FIGURES)
            mark = "!" if standing.beats_us else " "
            waits = f"{standing.p50:6.1f} {standing.p95:6.1f} ms"
            yield f"{mark} {name:<{width}} {standing.search:<6} {told}  {waits}  lead {interval(standing.lead)}"
        yield from (
            f"    {kind:<14} {by[OURS].n:4} questions, first passage right: "
            + ", ".join(f"{search} {mean.value:.1%}" for search, mean in by.items())
            for kind, by in part.kinds.items()
        )


def interval(mean: Mean) -> str:
    return f"{mean.value:+.3f} [{mean.low:+.3f}, {mean.high:+.3f}]"


def _cells(standing: Standing) -> Iterator[str]:
    yield standing.search
    yield from (f"{standing.figures[figure].value:.3f}" for figure in FIGURES)
    yield from (f"{standing.p50:.1f}", f"{standing.p95:.1f}")
    told = interval(standing.lead)
    yield "" if standing.search == OURS else f"**{told}**" if standing.beats_us else told


def _parts(rankings: Sequence[Ranking]) -> list[tuple[str, Part]]:
    return [
        (ranking.name if len(ranking.parts) == 1 else f"{ranking.name} {part.name}", part)
        for ranking in rankings
        for part in ranking.parts
    ]
