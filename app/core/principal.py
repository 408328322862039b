"""Who acts. Every repository method takes one, so that no query forgets whose rows it may see."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from app.core.errors import Forbidden

Scope = Literal["ask", "ingest", "approve", "operate", "admin"]
SCOPES: frozenset[str] = frozenset(get_args(Scope))


@dataclass(frozen=True, slots=True)
class Principal:
    """`kbs` are the knowledge bases it was granted; None means all."""

    name: str
    scopes: frozenset[str] = SCOPES
    kbs: frozenset[str] | None = field(default=None)

    def may(self, scope: Scope, kb: str | None = None) -> bool:
        granted = kb is None or self.kbs is None or kb in self.kbs
        return granted and (scope in self.scopes or "admin" in self.scopes)

    def must(self, scope: Scope, kb: str | None = None) -> None:
        if not self.may(scope, kb):
            where = f" on knowledge base {kb!r}" if kb else ""
            raise Forbidden(f"{self.name!r} lacks the scope {scope!r}{where}.", hint="Ask an administrator for a key.")


LOCAL = Principal("local")
EVALUATION = Principal("evaluation")  # what it asks is known beforehand, and no gap in the documents
