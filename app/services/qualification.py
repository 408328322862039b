"""From candidate to qualified: the golden questions, put to one analyzer alone, and what its figures must reach."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.analyzers.manager import Manager
from app.core.errors import InvalidSettings
from app.core.principal import EVALUATION
from app.core.settings import Settings
from app.core.settings.qualify import QualifySettings
from app.core.standing import Stage, Standing
from app.evaluate.asking import Examiner
from app.evaluate.base import Outcome
from app.evaluate.cases import golden, read
from app.evaluate.measures import BY_NAME, Rate
from app.evaluate.summary import rates
from app.retrieval.base import Embedder
from app.services.evaluation import Job, furnished

ALLOWED = 0.05  # share of the questions that may end in an error, or with somebody else's answer
AT_A_TIME = 2  # users ask meanwhile


@dataclass(frozen=True, slots=True)
class Exam:
    """What one analyzer reached. `told` is what its standing rests on; `why_not` is empty when it has passed."""

    analyzer: str
    label: str
    measure: str
    hits: int
    n: int
    low: float
    high: float
    errors: int
    fell_back: int
    why_not: str = ""

    @property
    def passed(self) -> bool:
        return not self.why_not

    @property
    def told(self) -> str:
        share = self.hits / self.n if self.n else 0.0
        figures = f"{self.measure} {share:.3f} [{self.low:.3f}, {self.high:.3f}], n={self.n}, errors {self.errors}"
        return figures + (f", answered for by another {self.fell_back} times" if self.fell_back else "")


async def qualify(settings: Settings, manager: Manager, name: str, who: str, embedder: Embedder | None = None) -> Exam:
    """Ask, and move the analyzer to `qualified`, or back to `candidate` where it has not passed."""
    exam = await examine(settings, manager, name, embedder)
    stage: Stage = "qualified" if exam.passed else "candidate"
    await manager.stage(name, stage, who, told=exam.told if exam.passed else f"{exam.why_not}; {exam.told}")
    return exam


async def override(manager: Manager, name: str, who: str, reason: str) -> Standing:
    """Qualified because somebody says so; raises `Conflict` without a reason."""
    return await manager.stage(name, "qualified", who, reason=reason)


async def examine(settings: Settings, manager: Manager, name: str, embedder: Embedder | None = None) -> Exam:
    """In a scratch home with the sample shelf, by the same agent that users have, with the analyzer that is loaded."""
    own = settings.qualify
    if own.measure not in BY_NAME or not BY_NAME[own.measure].higher:
        raise InvalidSettings(f"qualify.measure: {own.measure!r} is no measure of which more is better.")
    label = manager.seat(name).face.identity.label
    job = Job(own.cases or golden())
    cases = [replace(case, question=replace(case.question, analyzer=name)) for case in read(job.cases)]
    async with furnished(settings, job, embedder, manager) as services:

        async def text(document_id: str) -> str:
            return (await services.documents.get(EVALUATION, document_id)).text

        held = {row.path: row.id for row in await services.documents.list(EVALUATION, services.settings.kb)}
        examiner = Examiner(services.agent, EVALUATION, text, lambda _: "", held)
        outcomes = await examiner.ask(cases, AT_A_TIME)
    return judged(own, name, label, outcomes)


def judged(own: QualifySettings, name: str, label: str, outcomes: Sequence[Outcome]) -> Exam:
    """An answer that another one gave says nothing of this analyzer, and counts against it."""
    spoke = [outcome for outcome in outcomes if outcome.diagnosis is not None and not fell_back(outcome)]
    found = rates(spoke)
    rate = found.get(own.measure, Rate(0, 0))
    broken = [n for n, r in found.items() if BY_NAME[n].promise and not BY_NAME[n].met(r.share)]
    lost = len(outcomes) - len(spoke)
    low, high = rate.interval
    reasons = [
        (len(outcomes) < own.least, f"{len(outcomes)} questions are too few, {own.least} are asked for"),
        (lost > ALLOWED * len(outcomes), f"{lost} of {len(outcomes)} questions had no answer of its own"),
        (bool(broken), f"promises were broken: {', '.join(broken)}"),
        (low < own.floor, f"{own.measure} begins at {low:.3f}, {own.floor:.3f} is asked for"),
    ]
    return Exam(
        name,
        label,
        own.measure,
        rate.hits,
        rate.n,
        low,
        high,
        errors=sum(bool(outcome.error) for outcome in outcomes),
        fell_back=sum(map(fell_back, outcomes)),
        why_not="; ".join(told for wrong, told in reasons if wrong),
    )


def fell_back(outcome: Outcome) -> bool:
    degraded = outcome.diagnosis.degraded if outcome.diagnosis else ()
    return any(reason.startswith("analyzer_fallback:") for reason in degraded)
