"""The printable page of a run over HTTP: when it is wanted, and what a browser may do with it."""

from fastapi import Response

from app.services.hall import RunRow
from app.services.page import rendered

HTML, JSON = "text/html", "application/json"
HEADERS = {
    "cache-control": "private, no-store",
    "referrer-policy": "no-referrer",
    "vary": "accept",
    "x-content-type-options": "nosniff",
}


def page(run: RunRow) -> Response:
    made = rendered(run)
    headers = {**HEADERS, "content-security-policy": f"{made.policy}; frame-ancestors 'none'"}  # no meta can say this
    return Response(made.body, media_type=f"{HTML}; charset=utf-8", headers=headers)


def wants_page(accept: str | None) -> bool:
    """Whether a page is asked for by name, and before JSON."""
    shares = dict(map(_share, (accept or "").split(",")))
    return shares.get(HTML, 0.0) > shares.get(JSON, 0.0)


def _share(part: str) -> tuple[str, float]:
    kind, *parameters = (word.strip().lower() for word in part.split(";"))
    told = next((word[2:] for word in parameters if word.startswith("q=")), "1")
    try:
        return kind, float(told)
    except ValueError:
        return kind, 0.0
