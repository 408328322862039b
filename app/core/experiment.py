"""Two ways beside each other: which there are, who met which, and what came of it."""

from dataclasses import dataclass, field
from typing import Literal

Metric = Literal["thumbs", "verified", "latency", "cost"]
Unit = Literal["conversation", "engineer", "asset"]
Status = Literal["running", "stopped", "concluded"]
ANALYZER = "analyzer"  # the use case whose arms are analyzers and not prompts


@dataclass(frozen=True, slots=True)
class Arm:
    """`use`: `file`, the number of a local version, `label:NAME` of Langfuse, or the name of an analyzer."""

    name: str
    use: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Experiment:
    """The first arm is the control: the others are measured against it, and all traffic returns to it at the end."""

    name: str
    kb: str
    owner: str
    use_case: str
    arms: tuple[Arm, ...]
    unit: Unit = "conversation"
    metric: Metric = "thumbs"
    guardrails: tuple[Metric, ...] = ("verified", "latency")
    minimum: int = 100
    alpha: float = 0.05
    status: Status = "running"
    reason: str = ""
    changed_at: float = 0.0

    @property
    def control(self) -> Arm:
        return self.arms[0]


@dataclass(frozen=True, slots=True)
class Exposure:
    """`unit` is a hash: who it was is nobody's business. The first one counts, each later one is the same."""

    experiment: str
    unit: str
    arm: str
    run_id: str
    at: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """Counted only where there is an exposure, and once for each unit and metric: outcomes are independent so."""

    experiment: str
    unit: str
    metric: Metric
    value: float
    at: float


@dataclass(frozen=True, slots=True)
class Tally:
    n: int = 0
    total: float = 0.0
    squares: float = 0.0


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one experiment: arm -> units exposed, and (arm, metric) -> what came of them."""

    exposed: dict[str, int] = field(default_factory=dict)
    tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
