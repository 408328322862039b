"""The prompt room, put together: files, Langfuse where it is configured, labels, experiments; and kept up to date."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from app.core.errors import RailDebugError
from app.core.feedback import FeedbackRow
from app.core.principal import LOCAL, Principal
from app.core.question import Question
from app.core.settings import Settings
from app.core.settings.prompts import PromptSettings
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
from app.services.feedback import FeedbackDesk, Listener
from app.services.prompts import PromptDesk
from app.telemetry import spans

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
    folder = (own.versions or settings.folder / "prompts").expanduser()
    files = FilePrompts(own.folder, folder, own.style)
    trials = Trials()
    async with AsyncExitStack() as closing:
        client, remote, listeners = connect(own, closing)
        room = PromptRoom(await asyncio.to_thread(files.load), own.label, remote, trials)
        room.pointers = await pointers(records.prompts)
        experiments = ExperimentDesk(records.experiments, records.prompts, trials, frozenset(settings.table))
        closing.push_async_callback(experiments.close)
        await experiments.load(settings.kb, own.experiments, serve=serve)
        if answers:
            if remote is not None:
                await remote.warm(used(own.label, trials), own.langfuse.warm_s)
            experiments.watch()
            closing.push_async_callback(ended, asyncio.create_task(follow(room, files, records.prompts)))
        desk = PromptDesk(files, room, records.prompts, client, folder, own.label)
        feedback = FeedbackDesk(records.feedback, records.runs, (experiments.judged, spanned, *listeners))
        yield Prompting(room, desk, experiments, feedback, WatchedRuns(records.runs, experiments))


def connect(
    settings: PromptSettings, closing: AsyncExitStack
) -> tuple[Langfuse | None, RemotePrompts | None, tuple[Listener, ...]]:
    """Langfuse, its prompts and its scores, where both keys are set."""
    own = settings.langfuse
    keys = own.keys()
    if keys is None:
        return None, None, ()
    client = Langfuse(own, keys)
    pool = ThreadPoolExecutor(2, thread_name_prefix="langfuse")
    closing.push_async_callback(asyncio.to_thread, pool.shutdown, cancel_futures=True)
    closing.callback(client.close)  # first, so that no thread begins another call
    scores = ScoreQueue(client, own.queue)
    closing.push_async_callback(asyncio.to_thread, scores.close)
    remote = RemotePrompts(client, pool, style=settings.style, fresh_s=own.fresh_s, retry_s=own.retry_s)
    return client, remote, (lambda run, row: scores.put(*scores_of(row)),)


def spanned(run: RunRow, row: FeedbackRow) -> None:
    """A thumb stands in the trace of the answer that it is for."""
    if row.credit.trace_id and row.feedback.thumbs:
        with spans.feedback(row.credit.trace_id, float(row.feedback.thumbs == "up"), run.id):
            pass


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def used(label: str, trials: Trials) -> list[tuple[str, str]]:
    """What the first question may want."""
    tried = [(e.use_case, arm.use.removeprefix(LABEL)) for e in trials.running for arm in e.arms if LABEL in arm.use]
    return [*((name, label) for name in USE_CASES), *tried]


async def pointers(labels: PromptLog) -> dict[tuple[str, str], int]:
    return {(p.name, p.label): p.version for p in await labels.labels(LOCAL)}


async def follow(room: PromptRoom, files: FilePrompts, labels: PromptLog) -> None:
    """Files of the home that come, and labels that move; a file that is wrong leaves everything as it was."""
    seen = await asyncio.to_thread(files.seal)
    while True:
        await asyncio.sleep(LABELS_S)
        try:
            if (now := await asyncio.to_thread(files.seal)) != seen:
                seen = now
                room.files = await asyncio.to_thread(files.load)
            room.pointers = await pointers(labels)
        except RailDebugError as error:
            log.warning("prompts stay as they are: %s", error.message)
