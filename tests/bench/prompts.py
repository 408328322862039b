"""Prompts under faults and experiments under eyes: what Langfuse adds, and how often nothing is taken for something.

`python -m tests.bench.prompts --report docs/reports/prompts.md`; `--only statistics` or `--only faults` runs a half.
"""

import argparse
import asyncio
import time
from collections.abc import Iterable
from pathlib import Path

from tests.bench import peeking, prompt_faults
from tests.bench.peeking import Row

HEAD = """# Prompts: faults of Langfuse, and experiments that are watched

Written by `python -m tests.bench.prompts`, on two cores that had other work too.
"""
FAULTS = """
## Faults of Langfuse

The server is the test server of its published API, in a process of its own; the client is Langfuse's. Cold: the fault
was there before the service started. Cached: it came after its prompt had been used. Whole services, built twice over
copies of one home, once without Langfuse: each of {asked} questions goes to both, in turns. Added is the median
difference of a pair. The prompt room is measured by itself too, 1,000 visits while fetches go on behind it. Prompts
are fetched again every 50 ms here, so that every question meets the fault; the default is 60 s. Slow is 10 s, the
client gives up after 2 s.

{table}

Answered by every cell: {answered} of {all}. Most that any cell added at the median: {worst:+.2f} ms. Longest of all
{visits} visits of the prompt room: {longest:.2f} ms, and without Langfuse {plain:.2f} ms.
"""
STATISTICS = """
## Nothing differs, and somebody looks after every outcome

Arms with the same outcomes, looked at from {minimum} outcomes each on. False: a difference was claimed at 5 %. Beside
it what an ordinary z test would have claimed when it is looked at as often.

| outcomes | experiments | longest | false | share | z test |
|---|--:|--:|--:|--:|--:|
{nothing}

Whole experiments with three metrics and their guardrails, {whole} of them, up to {whole_longest} outcomes of each arm,
looked at every {every}: {stopped} ({stopped_share:.1f} %) were stopped for harm and {better} ({better_share:.1f} %)
declared a winner where there was none.

## Something differs

How often it was found within {power_longest} outcomes of each arm, and after how many of the control (median).

| outcomes | experiments | found | after |
|---|--:|--:|--:|
{something}

## The split

{ids} conversations, each given an arm by the hash of its name.

| weights | should have | has | off by |
|---|--:|--:|--:|
{splits}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--only", choices=["faults", "statistics"])
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--longest", type=int, default=2_000)
    told = parser.parse_args()
    parts = [HEAD]
    if told.only != "statistics":
        parts.append(faults(told.pairs))
    if told.only != "faults":
        parts.append(statistics(told.runs, told.longest))
    report = "".join(parts)
    print(report)
    if told.report:
        told.report.write_text(report, encoding="utf-8")


def faults(pairs: int) -> str:
    cells = asyncio.run(prompt_faults.table(pairs))
    answered, asked = sum(c.answered for c in cells), sum(c.asked for c in cells)
    worst, longest = max(c.added_p50 for c in cells), max(c.room_max for c in cells)
    return FAULTS.format(
        asked=pairs,
        table=prompt_faults.told(cells),
        answered=answered,
        all=asked,
        worst=worst,
        visits=f"{1000 * len(cells):,}",
        longest=longest,
        plain=max(c.plain_max for c in cells),
    )


def statistics(runs: int, longest: int) -> str:
    begun = time.perf_counter()
    every, whole, whole_longest, power_runs, ids = 20, runs // 2, longest, max(50, runs // 10), 100_000
    stopped, better = peeking.false_stops(whole, whole_longest, every)
    text = STATISTICS.format(
        minimum=peeking.MINIMUM,
        nothing="\n".join(nothing(peeking.nothing_differs(runs, longest))),
        whole=f"{whole:,}",
        whole_longest=f"{whole_longest:,}",
        every=every,
        stopped=stopped,
        stopped_share=100 * stopped / whole,
        better=better,
        better_share=100 * better / whole,
        power_longest=f"{2 * longest:,}",
        something="\n".join(something(peeking.something_differs(power_runs, 2 * longest))),
        ids=f"{ids:,}",
        splits="\n".join(splits(ids)),
    )
    return f"{text}\nThe simulations took {time.perf_counter() - begun:.0f} s.\n"


def nothing(rows: Iterable[Row]) -> Iterable[str]:
    for r in rows:
        shares = f"{100 * r.found / r.runs:.1f} % | {100 * r.naive / r.runs:.1f} %"
        yield f"| {r.name} | {r.runs:,} | {r.longest:,} | {r.found} | {shares} |"


def something(rows: Iterable[Row]) -> Iterable[str]:
    for r in rows:
        after = "" if r.when is None else f"{r.when:.0f}"
        yield f"| {r.name} | {r.runs} | {100 * r.found / r.runs:.0f} % | {after} |"


def splits(ids: int) -> Iterable[str]:
    for weights in ((1.0, 1.0), (9.0, 1.0), (2.0, 1.0, 1.0)):
        told = ":".join(f"{weight:g}" for weight in weights)
        for wanted, has in peeking.split(ids, weights):
            yield f"| {told} | {100 * wanted:.2f} % | {100 * has:.2f} % | {100 * abs(has - wanted):.2f} % |"


if __name__ == "__main__":
    main()
