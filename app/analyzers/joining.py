"""Rows that speak through another row are shown the way to it."""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from app.analyzers.base import Analyzer
from app.core.errors import InvalidSettings
from app.core.settings.analyzers import AnalyzerSpec
from app.core.settings.lines import place

OVER = "over"  # the option that names the row underneath
Reach = Callable[[str], Analyzer]  # a row's name -> that row, as others may use it


@runtime_checkable
class Layered(Protocol):
    """An analyzer with another one under it. `sit` comes before anything else is asked of it."""

    def sit(self, reach: Reach) -> None: ...


def joined(analyzer: Analyzer, reach: Reach) -> Analyzer:
    if isinstance(analyzer, Layered):
        analyzer.sit(reach)
    return analyzer


def check_layers(rows: Mapping[str, AnalyzerSpec]) -> None:
    """Raises `InvalidSettings` for a row that stands on nothing, or in the end on itself."""
    under = {name: str(spec.options[OVER]) for name, spec in rows.items() if OVER in spec.options}
    for name in under:
        _follow(name, under, rows)


def _follow(name: str, under: Mapping[str, str], rows: Mapping[str, AnalyzerSpec]) -> None:
    seen = [name]
    while (last := seen[-1]) in under:
        at, where = under[last], place(("analyzers", last, OVER))
        if at not in rows:
            there = ", ".join(sorted(rows))
            raise InvalidSettings(
                f"analyzers.{last}.{OVER}: there is no analyzer {at!r}{where}.", hint=f"Configured are: {there}."
            )
        if at in seen:
            raise InvalidSettings(f"analyzers.{name}.{OVER}: {' -> '.join([*seen, at])} leads back to itself{where}.")
        seen.append(at)
