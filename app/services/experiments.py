"""Experiments while the house runs: begun, fed with what happens, watched, and stopped when an arm does harm."""

import asyncio
import logging
import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from app.core.diagnosis import Diagnosis
from app.core.errors import InvalidInput, InvalidSettings, NotFound, RailDebugError, RecordsUnavailable
from app.core.experiment import ANALYZER, Arm, Experiment, Metric, Outcome
from app.core.feedback import FeedbackRow
from app.core.ids import now
from app.core.principal import EVALUATION, LOCAL, Principal
from app.core.promptlog import PromptChange
from app.core.question import Question
from app.core.settings.prompts import ExperimentSettings
from app.prompts.base import ExperimentLog, PromptLog, Subject
from app.prompts.contract import USE_CASES
from app.prompts.room import FILE, LABEL
from app.prompts.trials import Trials
from app.records.base import RunRow
from app.services.standing import Standing, standing

log = logging.getLogger(__name__)

SETTINGS = "settings"  # owner of what stands in the settings
EVERY_S = 1.0  # between two looks; looking often costs no certainty
JUDGED = frozenset({"answered", "insufficient_evidence"})


def subject_of(run_id: str, question: Question, owner: str) -> Subject:
    """An evaluation asks what is known beforehand: nothing is tried on it."""
    tried = "" if owner == EVALUATION.name else run_id
    return Subject(tried, question.kb, question.conversation_id, owner, question.asset.id)


@dataclass(eq=False)
class ExperimentDesk:
    log: ExperimentLog
    changes: PromptLog
    trials: Trials
    analyzers: frozenset[str]
    _watching: asyncio.Task[None] | None = field(default=None, init=False)

    async def load(self, kb: str, table: dict[str, ExperimentSettings], *, serve: bool = False) -> None:
        """What stands in the settings is begun once, and one that was stopped stays stopped.

        The service also stops what no longer stands there. Raises `InvalidSettings` for one that was changed.
        """
        known = {e.name: e for e in await self.log.all(LOCAL) if e.kb == kb}
        for name, spec in table.items():
            wanted = of_settings(name, kb, SETTINGS, spec)
            if name not in known:
                await self._keep(wanted, LOCAL)
            elif replace(known[name], status="running", reason="", changed_at=0.0) != wanted:
                hint = "Give it another name: outcomes of two experiments must not be mixed."
                raise InvalidSettings(f"prompts.experiments.{name}: it has begun and was something else.", hint=hint)
        for name, experiment in known.items():
            if serve and experiment.owner == SETTINGS and experiment.status == "running" and name not in table:
                await self.stop(name, kb, "it is no longer in the settings", LOCAL)
        await self.refresh()

    async def refresh(self) -> None:
        """Other processes begin and stop experiments too."""
        self.trials.running = tuple(e for e in await self.log.all(LOCAL) if e.status == "running")

    async def begin(self, name: str, kb: str, spec: ExperimentSettings, principal: Principal) -> Experiment:
        """Raises `InvalidInput` for a use case or an analyzer that does not exist, or a name that was used before.

        An experiment that has run is never begun again under its name: its outcomes would be mixed.
        """
        principal.must("operate", kb)
        if any(e.name == name and e.kb == kb for e in await self.log.all(LOCAL)):
            raise InvalidInput(f"There is an experiment {name!r} already.", hint="Give it another name.")
        experiment = await self._keep(of_settings(name, kb, principal.name, spec), principal)
        await self.refresh()
        return experiment

    async def stop(self, name: str, kb: str, reason: str, principal: Principal) -> Experiment:
        """All traffic goes back to what the label points to. Raises `NotFound`."""
        principal.must("operate", kb)
        found = [e for e in await self.log.all(principal) if e.name == name and e.kb == kb]
        if not found:
            raise NotFound(f"There is no experiment {name!r}.")
        stopped = replace(found[0], status="stopped", reason=reason, changed_at=now())
        self.trials.running = tuple(e for e in self.trials.running if (e.kb, e.name) != (kb, name))
        await self.log.keep(principal, stopped)
        await self._note("stop", stopped, principal, before=found[0].status)
        return stopped

    async def standings(self, principal: Principal) -> list[Standing]:
        await self.flush()
        found = await self.log.all(principal)
        return [standing(e, await self.log.counts(principal, e.kb, e.name)) for e in found]

    def route(self, run_id: str, question: Question, principal: Principal) -> str | None:
        """The analyzer that an experiment gives this run; None: the active one."""
        return self.trials.analyzer(subject_of(run_id, question, principal.name))

    def answered(self, question: Question, owner: str, diagnosis: Diagnosis) -> None:
        """Cheap, never waits: told of every answer that was recorded."""
        if self.trials.running and owner != EVALUATION.name:
            subject = subject_of(diagnosis.run_id, question, owner)
            self.trials.came(subject, [Outcome("", "", m, v, now()) for m, v in outcomes_of(diagnosis)])

    def judged(self, run: RunRow, row: FeedbackRow) -> None:
        """Cheap, never waits: told of all feedback."""
        if row.feedback.thumbs or row.feedback.corrected_cause:
            good = row.feedback.thumbs == "up" and not row.feedback.corrected_cause
            subject = subject_of(run.id, run.question, run.owner)
            self.trials.came(subject, [Outcome("", "", "thumbs", float(good), now())])

    def watch(self) -> None:
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        if self._watching:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        with suppress(RecordsUnavailable):
            await self.flush()

    async def flush(self) -> None:
        """Write what has happened. While the records are down it waits; of too much the oldest is lost."""
        exposures, outcomes = list(self.trials.exposures), list(self.trials.outcomes)
        for kb in sorted({kb for kb, _ in (*exposures, *outcomes)}):
            met = [e for where, e in exposures if where == kb]
            came = [o for where, o in outcomes if where == kb]
            await self.log.note(LOCAL, kb, met, came)
        for queue, done in ((self.trials.exposures, exposures), (self.trials.outcomes, outcomes)):
            for _ in done:
                if queue:
                    queue.popleft()

    async def guard(self) -> None:
        """One look: what does harm is stopped, and everybody is back at the control."""
        for experiment in self.trials.running:
            found = standing(experiment, await self.log.counts(LOCAL, experiment.kb, experiment.name))
            if found.harm:
                log.warning("experiment %s is stopped: %s", experiment.name, found.harm)
                await self.stop(experiment.name, experiment.kb, found.harm, LOCAL)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.flush()
                await self.refresh()
                await self.guard()
            except RailDebugError as error:
                log.warning("experiments wait: %s", error.message)

    async def _keep(self, experiment: Experiment, principal: Principal) -> Experiment:
        known = self.analyzers if experiment.use_case == ANALYZER else USE_CASES.keys()
        asked = {arm.use for arm in experiment.arms} if experiment.use_case == ANALYZER else {experiment.use_case}
        if unknown := sorted(asked - set(known)):
            raise InvalidInput(f"Experiment {experiment.name!r}: there is no {', '.join(unknown)}.")
        if experiment.use_case != ANALYZER and (odd := [a.use for a in experiment.arms if not is_prompt(a.use)]):
            hint = "An arm uses `file`, the number of a version, or `label:NAME`."
            raise InvalidInput(f"Experiment {experiment.name!r}: {', '.join(odd)} names no prompt.", hint=hint)
        begun = replace(experiment, changed_at=now())
        await self.log.keep(principal, begun)
        await self._note("experiment", begun, principal, before="")
        return begun

    async def _note(self, action: str, experiment: Experiment, principal: Principal, before: str) -> None:
        arms = ", ".join(f"{arm.name}={arm.use}" for arm in experiment.arms)
        told = experiment.reason or f"{experiment.use_case}: {arms}"
        after = experiment.status
        change = PromptChange(action, experiment.name, "", before, after, "", principal.name, told, now())  # type: ignore[arg-type]
        await self.changes.note(principal, change)


def of_settings(name: str, kb: str, owner: str, spec: ExperimentSettings) -> Experiment:
    arms = tuple(Arm(arm, way.use, way.weight) for arm, way in spec.arms.items())
    told = (spec.unit, spec.metric, spec.guardrails, spec.minimum, spec.alpha)
    return Experiment(name, kb, owner, spec.use_case, arms, *told)


def is_prompt(use: str) -> bool:
    return use == FILE or use.isdecimal() or (use.startswith(LABEL) and len(use) > len(LABEL))


def outcomes_of(diagnosis: Diagnosis) -> Iterator[tuple[Metric, float]]:
    """What a run tells by itself. Verified: the analyzer that was asked gave an answer that the receipts bear out."""
    if diagnosis.verdict in JUDGED:
        fell_back = any(reason.startswith("analyzer_fallback") for reason in diagnosis.degraded)
        yield "verified", float(diagnosis.verdict == "answered" and not fell_back)
    if spent := sum(diagnosis.usage.milliseconds.values()):
        yield "latency", math.log(spent)
    yield "cost", diagnosis.usage.cost
