"""What a benchmark is made of: questions, what became of each, a row an analyzer, a round of rows, and who helps."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from app.analyzers.base import Analyzer
from app.core.brief import Brief
from app.receipts.intervals import wilson

SCHEMA = 1
RowStatus = Literal["ok", "errors", "failed", "skipped", "deferred"]
RoundStatus = Literal["ok", "failed", "deferred"]


@dataclass(frozen=True, slots=True)
class Paper:
    """One question with its evidence. Only of a golden one it is known what is right."""

    id: str
    kind: Literal["golden", "recent"]
    brief: Brief
    answerable: bool | None = None
    facts: tuple[str, ...] = ()  # regular expressions that a right answer matches
    reference: str = ""  # what the documents say where the answer stands


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many, with the 95 % interval of the share."""

    hits: int = 0
    n: int = 0
    share: float = 0.0
    low: float = 0.0
    high: float = 1.0

    @classmethod
    def of(cls, hits: int, n: int) -> "Rate":
        low, high = wilson(hits, n)
        return cls(hits, n, round(hits / n, 4) if n else 0.0, round(low, 4), round(high, 4))


@dataclass(frozen=True, slots=True)
class Mean:
    value: float | None = None
    n: int = 0


@dataclass(frozen=True, slots=True)
class Trial:
    """One question, answered by one analyzer; with an `error` only that and the time tell something."""

    paper: Paper
    latency_ms: float
    first_ms: float | None = None  # to its first statement
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    currency: str = "EUR"
    statements: int = 0
    valid: int = 0  # statements whose citations exist and whose quote stands there
    proved: int = 0  # statements that the evidence supports without a doubt
    told: str = ""  # the statements that may leave, as text
    error: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """Of this process while the analyzer answered; None where nothing tells. `*_share` is of one core, of one GPU."""

    cpu_s: float = 0.0
    cpu_share: float = 0.0
    ram_mb: float | None = None
    vram_mb: float | None = None
    gpu_share: float | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """What users said of an analyzer's answers."""

    thumbs_up: int = 0
    thumbs: int = 0
    corrected: int = 0  # answers whose cause somebody corrected
    closed: int = 0  # answers of which somebody said what the cause was


@dataclass(frozen=True, slots=True)
class Row:
    """Milliseconds are of the answers without an error. `confidence` is the mean share of proved statements."""

    status: RowStatus
    reason: str = ""
    label: str = ""
    questions: int = 0
    avg_latency_ms: float | None = None
    p50_latency_ms: float | None = None
    p95_latency_ms: float | None = None
    p99_latency_ms: float | None = None
    first_statement_ms: float | None = None
    tokens_per_s: float | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    currency: str = "EUR"
    confidence: float | None = None
    citation_validity: Rate = Rate()
    fact_coverage: Rate = Rate()
    abstention: Rate = Rate()  # on questions that the documents do not answer
    withheld: Rate = Rate()  # abstention on those that they do
    errors: Rate = Rate()
    error_codes: Mapping[str, int] = field(default_factory=dict)
    bleu: Mean = Mean()
    rouge_l: Mean = Mean()
    thumbs_up: Rate = Rate()
    causes_corrected: Rate = Rate()
    used: Used = Used()

    @property
    def answered(self) -> int:
        return self.errors.n - self.errors.hits


@dataclass(frozen=True, slots=True)
class Round:
    id: str
    timestamp: str  # ISO 8601, UTC
    request_count: int
    reason: str
    status: RoundStatus
    active: str
    models: Mapping[str, Row]
    golden: int = 0
    recent: int = 0
    seconds: float = 0.0
    stood_back: int = 0  # how often a user's question came and the one under way was broken off
    notes: tuple[str, ...] = ()
    schema: int = SCHEMA


class Roster(Protocol):
    """The configured analyzers, as the benchmark meets them."""

    active: str

    def states(self) -> Mapping[str, str]: ...
    def bare(self, name: str) -> Analyzer:
        """By itself: nobody stands behind it, nothing is cached; its `load` evicts nobody and says what was short."""
        ...


class History(Protocol):
    """Where rounds are kept. Raises `RecordsUnavailable`."""

    async def append(self, made: Round) -> None: ...
    async def latest(self, limit: int) -> Sequence[Round]:
        """The newest first."""
        ...


class Opinions(Protocol):
    async def opinions(self) -> Mapping[str, Opinion]:
        """analyzer -> what was said of its answers."""
        ...


Papers = Callable[[], Awaitable[Sequence[Paper]]]
