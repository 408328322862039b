"""A run as one printable page that loads nothing: what people and documents wrote in it is text and stays text."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from app.records.base import RunRow

if TYPE_CHECKING:
    from jinja2 import Template

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Page:
    """`policy` allows its own style and nothing else."""

    body: bytes
    policy: str


def rendered(run: RunRow) -> Page:
    style = _style()
    policy = _policy(style)
    digests: Mapping[str, str] = {each.passage_id: each.digest for each in run.pack.sources} if run.pack else {}
    text = _template().render(run=run, style=style, policy=policy, digests=digests)
    return Page(text.encode("utf-8", "replace"), policy)


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
