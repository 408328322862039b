"""The contract's table: every kind of analyzer, point by point, with what it ran against.

    python -m tests.bench.analyzers_contract [--only llama-cpp …] [--write docs/reports/analyzers.md]

A failed point stands in the table as one and makes the exit status 1.
"""

import argparse
import asyncio
import importlib.util
import sys
from pathlib import Path

from app.core.settings.threads import one_each
from tests.analyzers.contract import POINTS, NotApplicable, Subject, built
from tests.analyzers.realest import NEEDS, REALEST

BEGIN, END = "<!-- contract: begin -->", "<!-- contract: end -->"


async def row(kind: str) -> list[str]:
    missing = [name for name in NEEDS.get(kind, ()) if importlib.util.find_spec(name) is None]
    if missing:
        return [f"`{kind}`", f"not run: {', '.join(missing)} not installed", *("" for _ in POINTS)]
    async with REALEST[kind]() as real:
        analyzer = built(kind, real.options)
        await analyzer.load()
        try:
            subject = Subject(kind, analyzer, real)
            return [f"`{kind}`", real.what, *[await cell(subject, point) for point in POINTS]]
        finally:
            await analyzer.unload()


async def cell(subject: Subject, point: str) -> str:
    try:
        return await POINTS[point](subject)
    except NotApplicable as reason:
        return f"– ({reason})"
    except Exception as error:  # noqa: BLE001  (whatever it is, it is this cell's finding)
        return f"**FAILED** {type(error).__name__}: {error}".replace("|", "/")


async def table(kinds: list[str]) -> str:
    rows = [["kind", "ran against", *POINTS], ["---"] * (len(POINTS) + 2), *[await row(kind) for kind in kinds]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def written(path: Path, made: str) -> None:
    """Between its two marks; what else the report says stays."""
    text = path.read_text() if path.exists() else f"# Analyzers\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=sorted(REALEST), default=sorted(REALEST))
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    one_each()
    made = asyncio.run(table(asked.only))
    print(made)
    if asked.write:
        written(asked.write, made)
    return 1 if "**FAILED**" in made else 0


if __name__ == "__main__":
    sys.exit(main())
