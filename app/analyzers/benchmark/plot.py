"""The rounds as a small SVG: the median time of each analyzer from round to round, on a logarithmic scale."""

import math
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from app.analyzers.benchmark.summary import Past

LEFT, WIDTH, TOP, HEIGHT, BELOW, KEY = 70, 520, 40, 220, 50, 190
COLOURS = ("#1b6ca8", "#d1622b", "#5b8c3e", "#7d4fa3", "#8a6d1b", "#b03060")
INK, GRID = "#333", "#ddd"


def plot(rounds: Sequence[Past]) -> str:
    """`rounds`: the oldest first. A round in which an analyzer has no time leaves a gap in its line."""
    names = sorted({name for made in rounds for name in made.models})
    decades = _decades(rounds)
    body = [_text(12, 20, "Median time of an answer, by benchmark round", weight="bold"), *_grid(decades)]
    for place, name in enumerate(names):
        body += _line(place, name, rounds, decades)
        y = TOP + 12 + 18 * place
        body += [_dot(LEFT + WIDTH + 20, y - 4, place), _text(LEFT + WIDTH + 30, y, name)]
    for number, made in _labelled(rounds):
        x = _x(number, len(rounds))
        body += [_text(x, TOP + HEIGHT + 18, str(made.request_count), anchor="middle")]
    body.append(_text(LEFT + WIDTH / 2, TOP + HEIGHT + 38, "requests before the round", anchor="middle"))
    width, height = LEFT + WIDTH + KEY, TOP + HEIGHT + BELOW
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    inside = "\n".join(body)
    fill = '<rect width="100%" height="100%" fill="#fff"/>'
    return f'{head} font-family="sans-serif" font-size="12">\n{fill}\n{inside}\n</svg>\n'


def _decades(rounds: Sequence[Past]) -> tuple[int, int]:
    times = [p.p50_latency_ms for made in rounds for p in made.models.values() if p.p50_latency_ms]
    low, high = (min(times), max(times)) if times else (1.0, 1000.0)
    first = math.floor(math.log10(low))
    return first, max(first + 1, math.ceil(math.log10(high)))


def _grid(decades: tuple[int, int]) -> Iterator[str]:
    for power in range(decades[0], decades[1] + 1):
        y = _y(10.0**power, decades)
        yield f'<line x1="{LEFT}" y1="{y}" x2="{LEFT + WIDTH}" y2="{y}" stroke="{GRID}"/>'
        yield _text(LEFT - 8, y + 4, f"{10.0**power:g} ms", anchor="end")


def _line(place: int, name: str, rounds: Sequence[Past], decades: tuple[int, int]) -> Iterator[str]:
    before: tuple[float, float] | None = None
    for number, made in enumerate(rounds):
        point = made.models.get(name)
        if point is None or not point.p50_latency_ms:
            before = None
            continue
        at = _x(number, len(rounds)), _y(point.p50_latency_ms, decades)
        if before:
            ends = f'x1="{before[0]}" y1="{before[1]}" x2="{at[0]}" y2="{at[1]}"'
            yield f'<line {ends} stroke="{_colour(place)}" stroke-width="2"/>'
        yield _dot(*at, place)
        before = at


def _labelled(rounds: Sequence[Past]) -> list[tuple[int, Past]]:
    step = max(1, len(rounds) // 8)
    return list(enumerate(rounds))[::step]


def _x(number: int, rounds: int) -> float:
    return round(LEFT + WIDTH * (number + 0.5) / rounds, 1)


def _y(ms: float, decades: tuple[int, int]) -> float:
    low, high = decades
    return round(TOP + HEIGHT * (1 - (math.log10(ms) - low) / (high - low)), 1)


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def _dot(x: float, y: float, place: int) -> str:
    return f'<circle cx="{x}" cy="{y}" r="4" fill="{_colour(place)}"/>'


def _text(x: float, y: float, words: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return f'<text x="{x}" y="{y}" fill="{INK}" text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>'
