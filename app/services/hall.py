"""The hall: every service of the house, and the few verbs that need more than one of them."""

from asyncio import to_thread
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.analyzers.manager import Manager
from app.core.diagnosis import FaultCode
from app.core.document import Passage
from app.core.principal import LOCAL, Principal
from app.core.settings import Settings
from app.faults.codes import find
from app.gate.base import Gate, KeyRow, Keys
from app.graph import release
from app.graph.base import Agent
from app.ingest.base import Outcome, Pipeline, Report
from app.ingest.reading import named_file
from app.prompts.base import Prompts
from app.records.base import Audit, Documents, Expiry, Gaps, RunRow, Runs, Swept
from app.retrieval.base import Query, Retrieved, Retriever, Store, Truth
from app.services.benchmarking import Bench
from app.services.experiment_plot import plot
from app.services.experiments import ExperimentDesk
from app.services.feedback import FeedbackDesk
from app.services.health import Health, Readiness
from app.services.indexes import Switch
from app.services.prompts import PromptDesk
from app.services.rebuild import Rebuild
from app.services.revisions import Comparison, compare
from app.services.traces import Watch

__all__ = ["Comparison", "Lookup", "Outcome", "Report", "Retrieved", "RunRow", "Services"]


def _nobody(_: object) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What is known of a code: itself or its neighbours, and the passages that define it."""

    codes: tuple[FaultCode, ...] = ()
    defined_in: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    agent: Agent
    switch: Switch
    rebuild: Rebuild
    pipeline: Pipeline
    documents: Documents
    runs: Runs
    gaps: Gaps
    gate: Gate
    keys: Keys
    health: Health
    analyzers: Manager
    audit: Audit
    bench: Bench
    feedback: FeedbackDesk
    prompts: PromptDesk
    prompt_room: Prompts
    experiments: ExperimentDesk
    expiry: Expiry
    truth: Truth
    watch: Watch

    @property
    def retriever(self) -> Retriever:
        return self.switch

    @property
    def store(self) -> Store:
        """The one that answers now; another may take its place while the service runs."""
        return self.switch.current.store

    async def search(self, text: str, kb: str, k: int) -> Retrieved:
        mentions = {mention.code: mention for mention in reversed(find(text))}
        return await self.retriever.retrieve(Query(text, kb, tuple(reversed(mentions.values())), k=k))

    async def lookup(self, spelled: str, kb: str) -> Lookup:
        found = await self.search(spelled, kb, 8)
        known = {code.code for code in found.fault_codes if code.known}
        return Lookup(found.fault_codes, tuple(p for p in found.passages if known & set(p.defines)))

    async def ingest(
        self,
        path: Path,
        kb: str,
        principal: Principal = LOCAL,
        *,
        progress: Callable[[Outcome], None] = _nobody,
        expect: Callable[[int], None] = _nobody,
        only: Collection[str] | None = None,
        prune: bool = False,
    ) -> Report:
        """A folder, or one file that takes its own name as its path."""
        if await to_thread(path.is_dir):
            report = await self.pipeline.folder(principal, kb, path, progress, expect=expect, only=only, prune=prune)
        else:
            content = await to_thread(named_file, path, self.settings.service.upload_limit)
            outcome = await self.pipeline.upload(principal, kb, path.name, content)
            report = Report((outcome,))
        return replace(report, index_version=await self.store.write(kb))

    async def forget(self, names: Sequence[str], kb: str, principal: Principal = LOCAL) -> Report:
        """Documents by path, by id or by folder."""
        report = await self.pipeline.forget(principal, kb, names)
        return replace(report, index_version=await self.store.write(kb))

    async def compare(self, name: str, kb: str, against: str | None, principal: Principal = LOCAL) -> Comparison:
        """Two revisions of a document; `against` None: the one that this one replaced."""
        return await compare(self.documents, principal, kb, name, against)

    async def remove_document(self, document_id: str, principal: Principal) -> None:
        document = await self.documents.get(principal, document_id)
        await self.documents.remove(principal, document.kb, [document_id])
        await self.store.write(document.kb)

    async def read_run(self, run_id: str, principal: Principal) -> RunRow:
        """Held steps stay withheld, also from the record."""
        row = await self.runs.get(principal, run_id)
        if row.pack is None:
            return row
        return replace(row, pack=release.withheld_pack(row.pack))

    async def sweep(self) -> Swept:
        return await self.expiry.sweep(self.settings.records)

    async def delete_run(self, run_id: str, principal: Principal, reason: str = "") -> None:
        """For good; the audit keeps that it was there and who took it away."""
        await self.expiry.delete(principal, run_id, reason)
        self.agent.forget(run_id)

    async def create_key(self, name: str, scopes: Sequence[str], kbs: Sequence[str] | None) -> tuple[KeyRow, str]:
        from app.gate.keys import create

        return await create(self.keys, name, scopes, kbs)

    async def experiment_plot(self, principal: Principal) -> str:
        return plot(await self.experiments.standings(principal))

    async def readiness(self) -> Readiness:
        return await self.health.readiness()
