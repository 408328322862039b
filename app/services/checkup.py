"""What `rail-debug doctor` looks at: the parts, the shelf, and one whole answer."""

import platform
import sys
from dataclasses import dataclass

from app.core.principal import LOCAL
from app.core.question import Question
from app.services.hall import Services


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    good: bool
    told: str


async def checkup(services: Services) -> list[Finding]:
    kb = services.settings.kb
    documents = await services.documents.list(LOCAL, kb)
    readiness = await services.readiness()
    return [
        Finding("python", sys.version_info >= (3, 11), platform.python_version()),
        Finding("home", True, str(services.settings.folder)),
        *(Finding(name, part.state == "ok", part.told or part.state) for name, part in readiness.parts.items()),
        await vectors(services),
        Finding("documents", bool(documents), f"{len(documents)} in knowledge base {kb!r}"),
        await answer(services, kb),
    ]


async def vectors(services: Services) -> Finding:
    """Whether the index is that of the embedder that is set."""
    rebuild = services.rebuild
    needed = await rebuild.needed()
    told = f"{rebuild.made} of {rebuild.total} texts have one of {rebuild.encoder.model}"
    serving = services.health.encoder.model
    rest = f"; {serving} answers until then: a service goes on with it, or `rail-debug reindex`" if needed else ""
    return Finding("vectors", not needed, f"{told}{rest}")


async def answer(services: Services, kb: str) -> Finding:
    """A question about a code that the documents define must be answered, every quote standing where it is said to."""
    known = sorted(await services.store.codes(kb))
    if not known:
        return Finding("answer", False, "no fault code is known; ingest a fault table")
    diagnosis = await services.agent.ask(Question(f"What does {known[0]} mean and what do I check?", kb=kb), LOCAL)
    texts = {c.document_id: (await services.documents.get(LOCAL, c.document_id)).text for c in diagnosis.citations}
    false = [c.id for c in diagnosis.citations if texts[c.document_id][c.start : c.end] != c.quote]
    good = diagnosis.verdict == "answered" and not false and not diagnosis.degraded
    degraded = ", ".join(diagnosis.degraded) or "nothing"
    cited = f"{len(diagnosis.citations)} citations, {len(false)} false"
    return Finding("answer", good, f"{known[0]}: {diagnosis.verdict}, {cited}, degraded: {degraded}")
