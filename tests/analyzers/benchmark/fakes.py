"""A roster of made-up analyzers, a history in a list, papers about one passage."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.analyzers.base import Analyzer
from app.analyzers.benchmark.base import Opinion, Paper, Round
from app.analyzers.wrapping import Wrapping
from app.core.brief import Brief, Identity
from app.core.errors import AnalyzerUnavailable, RecordsUnavailable
from app.core.question import Question
from tests.fakes import FakeAnalyzer
from tests.receipts.passages import brake

TRUE = {
    "kind": "cause",
    "text": "A leaking coupling hose between the vehicles.",
    "citations": [1],
    "quote": "A leaking coupling hose between the vehicles.",
    "code": "E73-B",
}
FALSE = {"kind": "cause", "text": "A rusty bolt in the roof of the driver's cab.", "citations": [7], "quote": "rust"}
BRIEF = Brief(Question("What is E73-B?"), (brake(),), ("E73-B",))
GOLDEN = Paper("g1", "golden", BRIEF, True, ("coupling hose", "5\\.0 bar"), brake().text)
UNANSWERABLE = Paper("g2", "golden", Brief(Question("Why is the sky blue?")), False)
RECENT = Paper("r1", "recent", BRIEF)


def saying(name: str, *statements: Mapping[str, object], **how: object) -> FakeAnalyzer:
    return FakeAnalyzer(name, json.dumps({"statements": statements}), **how)  # type: ignore[arg-type]


class Remote(Wrapping):
    @property
    def identity(self) -> Identity:
        return Identity(self.name, "1", "0" * 64, remote=True)


class Seat(Wrapping):
    """As the pool would lend it: loaded when asked for, gone when given back."""

    def __init__(self, inner: Analyzer, roster: "FakeRoster") -> None:
        super().__init__(inner)
        self.roster = roster

    async def load(self) -> None:
        self.roster.moves.append(f"load {self.name}")
        if self.name in self.roster.short:
            raise AnalyzerUnavailable(f"{self.name} needs 9 GiB, 1 GiB is free")
        self.roster.loaded.add(self.name)

    async def unload(self) -> None:
        self.roster.moves.append(f"unload {self.name}")
        self.roster.loaded.discard(self.name)


@dataclass
class FakeRoster:
    rows: dict[str, Analyzer]
    active: str
    loaded: set[str] = field(default_factory=set)
    short: frozenset[str] = frozenset()
    moves: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, *rows: Analyzer, **how: object) -> "FakeRoster":
        return cls({row.name: row for row in rows}, rows[0].name, {row.name for row in rows}, **how)  # type: ignore[arg-type]

    def states(self) -> Mapping[str, str]:
        return {name: "ready, 2 copies" if name in self.loaded else "idle" for name in self.rows}

    def bare(self, name: str) -> Analyzer:
        return Seat(self.rows[name], self)


@dataclass
class FakeHistory:
    rounds: list[Round] = field(default_factory=list)
    down: bool = False

    async def append(self, made: Round) -> None:
        if self.down:
            raise RecordsUnavailable("the disk is full")
        self.rounds.append(made)

    async def latest(self, limit: int) -> Sequence[Round]:
        return self.rounds[::-1][:limit]


class FakeOpinions:
    async def opinions(self) -> Mapping[str, Opinion]:
        return {"a": Opinion(thumbs_up=3, thumbs=4, corrected=1, closed=2)}
