"""Who meets which arm of an experiment: by a hash, so that everybody keeps to theirs and nothing is looked up."""

import hashlib
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from app.core.experiment import ANALYZER, Arm, Experiment, Exposure, Outcome
from app.core.ids import now
from app.prompts.base import Subject
from app.prompts.written import Written

KNOWN = 100_000  # units whose exposure is known to be written; beyond that the record tells it
WAITING = 100_000  # of exposures and outcomes not yet written; the oldest go first


@dataclass(eq=False)
class Trials:
    """Implements `room.Trials`. `running` is replaced as a whole; what is noted waits in memory until it is drained."""

    running: Sequence[Experiment] = ()
    exposures: deque[tuple[str, Exposure]] = field(default_factory=lambda: deque(maxlen=WAITING))
    outcomes: deque[tuple[str, Outcome]] = field(default_factory=lambda: deque(maxlen=WAITING))
    _known: "OrderedDict[tuple[str, str, str], None]" = field(default_factory=OrderedDict)

    def prompt(self, use_case: str, subject: Subject, find: Callable[[str], Written | None]) -> Written | None:
        for experiment in self._of(use_case, subject):
            arm = assigned(experiment, subject)
            if written := find(arm.use):
                self._met(experiment, subject, arm)
                return written
        return None

    def analyzer(self, subject: Subject) -> str | None:
        for experiment in self._of(ANALYZER, subject):
            arm = assigned(experiment, subject)
            self._met(experiment, subject, arm)
            return arm.use
        return None

    def came(self, subject: Subject, values: Sequence[Outcome]) -> None:
        """`values` carry metric and value; they are told to every experiment that may have this unit."""
        for experiment in self.running:
            if experiment.kb == subject.kb:
                unit = unit_of(experiment, subject)
                for value in values:
                    self.outcomes.append((subject.kb, replace(value, experiment=experiment.name, unit=unit)))

    def _of(self, use_case: str, subject: Subject) -> Iterator[Experiment]:
        if subject.run_id:
            yield from (e for e in self.running if e.use_case == use_case and e.kb == subject.kb)

    def _met(self, experiment: Experiment, subject: Subject, arm: Arm) -> None:
        unit = unit_of(experiment, subject)
        key = experiment.kb, experiment.name, unit
        if key in self._known:
            return
        self._known[key] = None
        if len(self._known) > KNOWN:
            self._known.popitem(last=False)
        self.exposures.append((experiment.kb, Exposure(experiment.name, unit, arm.name, subject.run_id, now())))


def unit_of(experiment: Experiment, subject: Subject) -> str:
    """A hash of whom the experiment keeps together; a question without conversation or asset stands for itself."""
    kept = {"conversation": subject.conversation, "engineer": subject.engineer, "asset": subject.asset}
    who = kept[experiment.unit] or f"run {subject.run_id}"
    seed = "\x1f".join((experiment.kb, experiment.name, experiment.unit, who))
    return hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def assigned(experiment: Experiment, subject: Subject) -> Arm:
    return arm_at(experiment.arms, int(unit_of(experiment, subject)[:16], 16) / 2**64)


def arm_at(arms: Sequence[Arm], place: float) -> Arm:
    """`place` is in [0, 1): each arm owns a stretch as wide as its weight."""
    total, passed = sum(arm.weight for arm in arms), 0.0
    for arm in arms:
        passed += arm.weight / total
        if place < passed:
            return arm
    return arms[-1]
