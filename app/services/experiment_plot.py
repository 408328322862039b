"""Experiments as an SVG: a row for each arm and metric, its difference to the control with the interval."""

from collections.abc import Sequence

from app.evaluate.plots import GRID, INK, colour, stroke, text
from app.services.standing import Standing, Versus

LABEL, WIDTH, ROW, HEAD, TAIL = 360, 420, 28, 54, 40
MARK = {"worse": 1, "better": 2, "open": 0, "too early": 3}  # colours of the verdicts


def plot(standings: Sequence[Standing]) -> str:
    rows = [(found, versus) for found in standings for versus in found.versus]
    height = HEAD + ROW * len(rows) + TAIL
    widest = max((max(abs(v.low or 0), abs(v.high or 0), abs(v.difference)) for _, v in rows), default=1.0) or 1.0
    reach = min(widest, 1.0)
    body = [text(12, 20, "Arms beside their control: difference and interval that holds at every look", weight="bold")]
    body.append(text(12, 38, "left: less, right: more; latency and shares alike as a fraction"))
    for tick in (-1.0, -0.5, 0.0, 0.5, 1.0):
        x = _at(tick * reach, reach)
        body.append(stroke(x, HEAD, x, height - TAIL, INK if tick == 0 else GRID))
        body.append(text(x, height - TAIL + 18, f"{tick * reach:+.2f}", anchor="middle"))
    for number, (found, versus) in enumerate(rows):
        body += _row(HEAD + ROW * (number + 0.5), found.experiment.name, versus, reach)
    size = f'width="{LABEL + WIDTH + 30}" height="{height}" viewBox="0 0 {LABEL + WIDTH + 30} {height}"'
    style = 'font-family="sans-serif" font-size="12"'
    inside = "\n".join(['<rect width="100%" height="100%" fill="#fff"/>', *body])
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n{inside}\n</svg>\n'


def _row(y: float, name: str, versus: Versus, reach: float) -> list[str]:
    told = f"{name}: {versus.arm}, {versus.metric} (n {versus.n}/{versus.minimum}), {versus.verdict}"
    drawn = [text(LABEL - 12, y + 4, told, anchor="end")]
    ink = colour(MARK[versus.verdict])
    if versus.low is not None and versus.high is not None:
        drawn.append(stroke(_at(versus.low, reach), y, _at(versus.high, reach), y, ink, width=2))
    x = _at(versus.difference, reach)
    return [*drawn, f'<circle cx="{x}" cy="{y}" r="4" fill="{ink}"/>'] if versus.n else drawn


def _at(value: float, reach: float) -> float:
    """What lies beyond the edge is drawn at the edge."""
    share = max(-1.0, min(1.0, value / reach))
    return round(LABEL + WIDTH * (share + 1) / 2, 1)
