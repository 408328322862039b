"""Which rows a principal may see, as a condition that stands inside the query."""

from app.core.principal import Principal
from app.records.sql import among

Where = tuple[str, tuple[str, ...]]


def granted(principal: Principal, column: str = "kb") -> Where:
    """-> a condition on the knowledge base, and its values."""
    if principal.kbs is None:
        return "1 = 1", ()
    kbs = tuple(sorted(principal.kbs))
    return f"{column} {among(kbs)}", kbs


def must_read(principal: Principal, kb: str | None = None) -> None:
    """Who may ingest may see what is there; all others need `ask`."""
    if not principal.may("ingest", kb):
        principal.must("ask", kb)
