"""The report of an evaluation: figures with their intervals as Markdown, and plots beside it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from app.evaluate.measures import BY_NAME, MEASURES, Measure, Rate
from app.evaluate.plots import Line, plot
from app.evaluate.summary import Beside, Rates, Split, Summary
from app.evaluate.told import Evaluation

SHOWN = ("abstained", "withheld", "facts", "top5", "cited")  # of a kind or a subsystem
LONGEST = 40  # misses told one by one
HEAD = """# How good the answers are

Written by `rail-debug eval answers --report`. Every figure is a rate with its 95 % Wilson interval and, in brackets,
of how many; bold ones are not what they must be. Errors of the service are counted apart and enter no rate. The split
`test` is one that nothing was fitted to; its cases are not listed.
"""


def write(folder: Path, evaluations: Sequence[Evaluation]) -> Path:
    """-> the Markdown file; the plots lie beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = []
    for evaluation in evaluations:
        for name, drawing in plots(evaluation).items():
            (folder / name).write_text(drawing, encoding="utf-8")
        sections.append("\n".join(section(evaluation)))
    file = folder / "answers.md"
    file.write_text("\n".join([HEAD, *sections]), encoding="utf-8")
    return file


def plots(evaluation: Evaluation) -> dict[str, str]:
    splits = evaluation.summary.splits
    series = [split.name for split in splits]
    rows = [Line(m.label, {s.name: s.rates[m.name] for s in splits if m.name in s.rates}, m.must) for m in MEASURES]
    drawn = {f"answers-{evaluation.name}.svg": plot(f"{evaluation.name}: all measures", series, rows)}
    for what, groups in (("kind", [s.kinds for s in splits]), ("subsystem", [s.subsystems for s in splits])):
        names = sorted({name for group in groups for name in group})
        lines = [
            Line(name, {s: fact for s, g in zip(series, groups, strict=True) if (fact := _facts(g, name))})
            for name in names
        ]
        drawn[f"answers-{evaluation.name}-{what}.svg"] = plot(f"{evaluation.name}: facts by {what}", series, lines)
    return drawn


def _facts(groups: Mapping[str, Rates], name: str) -> Rate | None:
    return groups.get(name, {}).get("facts")


def section(evaluation: Evaluation) -> Iterator[str]:
    summary, name = evaluation.summary, evaluation.name
    yield f"## {name}\n"
    yield f"{summary.cases} cases on {evaluation.documents} documents in {evaluation.seconds} s, answered by"
    yield f"`{evaluation.analyzer}`, embedder `{evaluation.embedder}`; {len(summary.errors)} errors."
    yield f"Questions share {summary.overlap_mean:.1%} of their 4-grams with the documents they are about"
    yield f"(the most alike {summary.overlap_most:.0%}).\n"
    yield from headline(summary)
    yield f"\n![All measures](answers-{name}.svg)\n"
    yield from beside(summary.splits)
    for what, groups in (("Kind", "kinds"), ("Subsystem", "subsystems")):
        yield f"\n### By {what.lower()}\n"
        for split in summary.splits:
            yield from table(f"{what} ({split.name})", getattr(split, groups))
        yield f"\n![Facts by {what.lower()}](answers-{name}-{what.lower()}.svg)\n"
    yield from troubles(summary, evaluation.quoted)


def headline(summary: Summary) -> Iterator[str]:
    names = [split.name for split in summary.splits]
    yield "| measure | must | " + " | ".join(names) + " |"
    yield "|---|---|" + "---|" * len(names)
    for measure in MEASURES:
        cells = [cell(split.rates.get(measure.name), measure) for split in summary.splits]
        yield f"| {measure.label} | {must(measure)} | " + " | ".join(cells) + " |"


def must(measure: Measure) -> str:
    if measure.must in (0.0, 1.0):
        return f"{measure.must:.0%}"
    return f"{'≥' if measure.higher else '≤'} {measure.must:.0%}"


def cell(rate: Rate | None, measure: Measure | None = None) -> str:
    if rate is None or not rate.n:
        return "–"
    low, high = rate.interval
    told = f"{rate.share:.1%} [{low:.1%}, {high:.1%}] ({rate.hits}/{rate.n})"
    return told if measure is None or measure.met(rate.share) else f"**{told}**"


def beside(splits: Sequence[Split]) -> Iterator[str]:
    yield "Facts beside a plain search, BM25's best three passages pasted whole, in the same run:\n"
    yield "| split | the answer | BM25 pasted | difference by case |"
    yield "|---|---|---|---|"
    for split in splits:
        yield f"| {split.name} | {cell(split.beside.ours)} | {cell(split.beside.pasted)} | {difference(split.beside)} |"


def difference(given: Beside) -> str:
    return f"{given.difference:+.1%} [{given.low:+.1%}, {given.high:+.1%}]"


def table(title: str, groups: Mapping[str, Rates]) -> Iterator[str]:
    yield f"\n| {title} | " + " | ".join(BY_NAME[name].label for name in SHOWN) + " |"
    yield "|---|" + "---|" * len(SHOWN)
    for group, rates in groups.items():
        cells = [cell(rates.get(name), BY_NAME[name]) for name in SHOWN]
        yield f"| {group} | " + " | ".join(cells) + " |"


def troubles(summary: Summary, quoted: bool) -> Iterator[str]:
    if summary.errors:
        yield "\n### Errors\n"
        yield from (f"- `{case}`: {error}" for case, error in summary.errors.items())
    if summary.degraded:
        yield "\n### Degraded\n"
        yield from (f"- {reason}: {count}" for reason, count in summary.degraded.items())
    if summary.misses:
        yield f"\n### Missed ({len(summary.misses)} cases outside the test split)\n"
        for miss in summary.misses[:LONGEST]:
            told = ", ".join(BY_NAME[name].label for name in miss.measures)
            asked = f": “{' '.join(miss.question.split())}”" if quoted else ""
            yield f"- `{miss.case}` ({miss.kind}, {miss.verdict}) {told}{asked}"


def lines(evaluation: Evaluation) -> Iterator[str]:
    """The figures for a terminal."""
    summary = evaluation.summary
    yield f"{evaluation.name}: {summary.cases} cases, {len(summary.errors)} errors, {evaluation.seconds} s"
    for split in summary.splits:
        yield f"  {split.name} ({split.cases} cases)"
        for measure in MEASURES:
            rate = split.rates.get(measure.name)
            mark = "  " if rate is None or measure.met(rate.share) else "! "
            yield f"  {mark}{measure.label:<48} {cell(rate):<36} must {must(measure)}"
        yield f"    facts of BM25's best three passages pasted      {cell(split.beside.pasted)}"
        yield f"    difference to it by case                        {difference(split.beside)}"
    yield from (f"  error {case}: {error}" for case, error in summary.errors.items())


def worked_out(evaluation: Evaluation) -> dict[str, dict[str, dict[str, object]]]:
    """split -> measure -> share, interval, n, must, met; for machines."""
    return {
        split.name: {
            name: {
                "share": rate.share,
                "interval": rate.interval,
                "n": rate.n,
                "must": BY_NAME[name].must,
                "met": BY_NAME[name].met(rate.share),
            }
            for name, rate in split.rates.items()
        }
        for split in evaluation.summary.splits
    }
