"""A run as one printable page that loads nothing: what people and documents wrote in it is text and stays text."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import Response

if TYPE_CHECKING:
    from jinja2 import Template

    from app.services.hall import RunRow

HERE = Path(__file__).parent
HTML, JSON = "text/html", "application/json"
HEADERS = {
    "cache-control": "private, no-store",
    "referrer-policy": "no-referrer",
    "vary": "accept",
    "x-content-type-options": "nosniff",
}


def page(run: "RunRow") -> Response:
    style = _style()
    policy = _policy(style)
    digests: Mapping[str, str] = {each.passage_id: each.digest for each in run.pack.sources} if run.pack else {}
    text = _template().render(run=run, style=style, policy=policy, digests=digests)
    headers = {**HEADERS, "content-security-policy": f"{policy}; frame-ancestors 'none'"}  # no meta can say the last
    return Response(text.encode("utf-8", "replace"), media_type=f"{HTML}; charset=utf-8", headers=headers)


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


@lru_cache(maxsize=1)
def _style() -> str:
    return (HERE / "pack.css").read_text(encoding="utf-8")


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@lru_cache(maxsize=1)
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["moment"] = _moment
    return environment.get_template("pack.html")


def _moment(seconds: float | None) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="seconds") if seconds else ""
