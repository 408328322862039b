"""The prompt room, put together: files, Langfuse where it is configured, labels, experiments; and kept up to date."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.core.errors import RailDebugError
from app.core.feedback import FeedbackRow
from app.core.principal import LOCAL, Principal
from app.core.question import Question
from app.core.settings import Settings
from app.prompts.base import PromptLog
from app.prompts.contract import USE_CASES
from app.prompts.files import FilePrompts
from app.prompts.langfuse.client import Langfuse
from app.prompts.langfuse.remote import RemotePrompts
from app.prompts.langfuse.scores import ScoreQueue, scores_of
from app.prompts.room import LABEL, PromptRoom
from app.prompts.trials import Trials
from app.records.base import Pack, RunRow, Runs, Status
from app.records.home import Records
from app.services.experiments import ExperimentDesk
from app.services.feedback import FeedbackDesk
from app.services.prompts import PromptDesk

log = logging.getLogger(__name__)

LABELS_S = 5.0  # until a label that another process has moved is seen


@dataclass(frozen=True, slots=True)
class Prompting:
    room: PromptRoom
    desk: PromptDesk
    experiments: ExperimentDesk
    feedback: FeedbackDesk
    runs: "WatchedRuns"


@dataclass(frozen=True, slots=True)
class WatchedRuns:
    """Runs whose answers are told to the experiments once they are recorded."""

    inner: Runs
    experiments: ExperimentDesk

    async def accept(self, principal: Principal, run_id: str, question: Question) -> None:
        await self.inner.accept(principal, run_id, question)

    async def commit(
        self, principal: Principal, run_id: str, status: Status, pack: Pack | None, error: str = ""
    ) -> None:
        await self.inner.commit(principal, run_id, status, pack, error)
        if pack is not None and not pack.decisions:  # a person's ruling later on is no second answer
            self.experiments.answered(pack.question, principal.name, pack.diagnosis)

    async def get(self, principal: Principal, run_id: str) -> RunRow:
        return await self.inner.get(principal, run_id)

    async def waiting(self, principal: Principal) -> Sequence[RunRow]:
        return await self.inner.waiting(principal)

    def spool(self, principal: Principal, run_id: str, status: Status, pack: Pack) -> None:
        self.inner.spool(principal, run_id, status, pack)


@asynccontextmanager
async def prompting(settings: Settings, records: Records, *, answers: bool, serve: bool) -> AsyncIterator[Prompting]:
    """Raises `PromptError` for a file that is wrong. Langfuse stops no start; without keys it is not even imported."""
    own = settings.prompts
    versions = own.versions or settings.folder / "prompts"
    files = FilePrompts(own.folder, versions.expanduser(), own.style)
    found = await asyncio.to_thread(files.load)
    keys = own.langfuse.keys()
    client = Langfuse(own.langfuse, keys) if keys else None
    with ThreadPoolExecutor(2, thread_name_prefix="langfuse") as pool:
        remote = None
        if client is not None:
            remote = RemotePrompts(
                client, pool, style=own.style, fresh_s=own.langfuse.fresh_s, retry_s=own.langfuse.retry_s
            )
        trials = Trials()
        room = PromptRoom(found, own.label, remote, trials)
        room.pointers = await pointers(records.prompts)
        experiments = ExperimentDesk(records.experiments, records.prompts, trials, frozenset(settings.table))
        await experiments.load(settings.kb, own.experiments, serve=serve)
        scores = ScoreQueue(client, own.langfuse.queue) if client else None
        tasks: list[asyncio.Task[None]] = []
        if answers:
            if remote is not None:
                await remote.warm(used(own.label, trials), own.langfuse.warm_s)
            experiments.watch()
            tasks.append(asyncio.create_task(follow(room, records.prompts)))
        listeners = [experiments.judged]
        if scores is not None:
            queue = scores

            def send(run: RunRow, row: FeedbackRow) -> None:
                queue.put(*scores_of(row))

            listeners.append(send)
        desk = PromptDesk(files, room, records.prompts, client, versions.expanduser(), own.label)
        feedback = FeedbackDesk(records.feedback, records.runs, tuple(listeners))
        try:
            yield Prompting(room, desk, experiments, feedback, WatchedRuns(records.runs, experiments))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await experiments.close()
            if scores is not None:
                await asyncio.to_thread(scores.close)
            if client is not None:
                client.close()


def used(label: str, trials: Trials) -> list[tuple[str, str]]:
    """What the first question may want."""
    tried = [(e.use_case, arm.use.removeprefix(LABEL)) for e in trials.running for arm in e.arms if LABEL in arm.use]
    return [*((name, label) for name in USE_CASES), *tried]


async def pointers(labels: PromptLog) -> dict[tuple[str, str], int]:
    return {(p.name, p.label): p.version for p in await labels.labels(LOCAL)}


async def follow(room: PromptRoom, labels: PromptLog) -> None:
    """New versions of files are read with the labels that point to them; a file that is wrong changes nothing."""
    while True:
        await asyncio.sleep(LABELS_S)
        try:
            room.pointers = await pointers(labels)
        except RailDebugError as error:
            log.warning("labels wait: %s", error.message)
