"""Rates with their intervals as a small SVG: one row a measure, one mark a split, a line where it must be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from app.evaluate.measures import Rate

LABEL, WIDTH, ROW, HEAD, TAIL = 330, 420, 30, 46, 34
COLOURS = ("#1b6ca8", "#d1622b", "#5b8c3e", "#7d4fa3")
INK, GRID = "#333", "#ddd"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the plot: a mark for each series that has a rate there."""

    label: str
    rates: Mapping[str, Rate]
    must: float | None = None


def plot(title: str, series: Sequence[str], lines: Sequence[Line]) -> str:
    height = HEAD + ROW * len(lines) + TAIL
    bottom = height - TAIL
    body = [text(12, 20, title, weight="bold")]
    for place, name in enumerate(series):
        body += [dot(LABEL + 100 * place, 32, place), text(LABEL + 100 * place + 9, 36, name)]
    for tick in range(0, 101, 20):
        body += [stroke(at(tick / 100), HEAD, at(tick / 100), bottom, GRID)]
        body += [text(at(tick / 100), bottom + 18, f"{tick} %", anchor="middle")]
    for number, line in enumerate(lines):
        body += row(HEAD + ROW * number + ROW / 2, series, line)
    inside = "\n".join(body)
    size = f'width="{LABEL + WIDTH + 30}" height="{height}" viewBox="0 0 {LABEL + WIDTH + 30} {height}"'
    style = 'font-family="sans-serif" font-size="12"'
    background = '<rect width="100%" height="100%" fill="#fff"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n{background}\n{inside}\n</svg>\n'


def row(middle: float, series: Sequence[str], line: Line) -> list[str]:
    drawn = [text(LABEL - 12, middle + 4, line.label, anchor="end")]
    if line.must is not None:
        drawn.append(stroke(at(line.must), middle - ROW / 2 + 3, at(line.must), middle + ROW / 2 - 3, INK, width=2))
    for place, name in enumerate(series):
        rate = line.rates.get(name)
        if rate is not None and rate.n:
            y = middle + 7 * (place - (len(series) - 1) / 2)
            low, high = rate.interval
            drawn += [stroke(at(low), y, at(high), y, colour(place), width=2), dot(at(rate.share), y, place)]
    return drawn


def at(share: float) -> float:
    return round(LABEL + WIDTH * share, 1)


def colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def dot(x: float, y: float, place: int) -> str:
    return f'<circle cx="{x}" cy="{y}" r="4" fill="{colour(place)}"/>'


def stroke(x: float, y: float, to_x: float, to_y: float, ink: str, *, width: int = 1) -> str:
    return f'<line x1="{x}" y1="{y}" x2="{to_x}" y2="{to_y}" stroke="{ink}" stroke-width="{width}"/>'


def text(x: float, y: float, words: str, anchor: str = "start", weight: str = "normal") -> str:
    placed = f'x="{x}" y="{y}" text-anchor="{anchor}" font-weight="{weight}" fill="{INK}"'
    return f"<text {placed}>{escape(words)}</text>"
