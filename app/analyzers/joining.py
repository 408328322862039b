"""Rows that speak through another row are shown the way to it."""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from app.analyzers.base import Analyzer
from app.core.errors import InvalidSettings


@runtime_checkable
class Layered(Protocol):
    """An analyzer with another one under it. `sit` comes before `load`."""

    over: str

    def sit(self, reach: Callable[[str], Analyzer]) -> None: ...


def join(rows: Mapping[str, Analyzer], reach: Callable[[str], Analyzer]) -> None:
    """`reach` is what gives a row as others may use it. Raises `InvalidSettings` for a row that leads nowhere."""
    layered = {name: row for name, row in rows.items() if isinstance(row, Layered)}
    for name, row in layered.items():
        _check(name, rows, layered)
        row.sit(reach)


def _check(name: str, rows: Mapping[str, object], layered: Mapping[str, Layered]) -> None:
    seen, at = [name], name
    while at in layered:
        at = layered[at].over
        if at not in rows:
            there = ", ".join(sorted(rows))
            raise InvalidSettings(
                f"analyzers.{seen[-1]}.over: there is no analyzer {at!r}.", hint=f"There are: {there}."
            )
        if at in seen:
            raise InvalidSettings(f"analyzers.{name}.over: {' -> '.join([*seen, at])} leads back to itself.")
        seen.append(at)
