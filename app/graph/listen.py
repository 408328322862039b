"""Listening to an analyzer: its text becomes statements, and none leaves before it was checked."""

from dataclasses import dataclass, field, replace

from app.analyzers.base import Analyzer
from app.core.brief import Begin, Brief, End, Restart, Text
from app.core.diagnosis import CRITICAL
from app.core.statement import Checked, Kind, Statement
from app.graph.release import sealed
from app.graph.run import Run
from app.graph.state import Answer
from app.receipts.check import Evidence, check
from app.receipts.draft import Cutter
from app.receipts.ledger import Ledger

PATHS: dict[Kind, str] = {
    "meaning": "fault_codes[{n}].meaning",
    "summary": "summary",
    "cause": "hypotheses[{n}].cause",
    "step": "steps[{n}].text",
    "limit": "limits[{n}].text",
    "next_test": "next_test.text",
    "warning": "warnings[{n}]",
    "fix": "code_fix.snippet",
}
READ = 50_000  # characters of what was handed in, in which a number may have its source; reading more holds the loop
REPEATS: frozenset[Kind] = frozenset({"summary", "next_test"})


@dataclass(slots=True)
class Listener:
    """One answer in the making; `Restart` empties it. `asked` are the codes of the question, known or not."""

    run: Run
    brief: Brief
    asked: frozenset[str]
    answer: Answer = field(default_factory=Answer)
    checked: list[Checked] = field(default_factory=list)
    cutter: Cutter = field(default_factory=Cutter)
    ledger: Ledger = field(default_factory=Ledger)
    evidence: Evidence = field(init=False)
    whole: bool = False  # the analyzer ended its answer itself

    def __post_init__(self) -> None:
        self.evidence = Evidence(self.brief.evidence, self.brief.question.material[:READ], self.asked)

    async def listen(self, analyzer: Analyzer) -> Answer:
        async for delta in analyzer.stream(self.brief):
            match delta:
                case Begin():
                    self.begin(delta)
                case Text(text):
                    self.take(self.cutter.feed(text))
                case Restart(reason):
                    self.restart(reason)
                case End():
                    self.whole = delta.finish == "stop"
                    self.end(delta)
        self.take(self.cutter.close(self.whole))
        return replace(self.answer, statements=tuple(self.checked))

    def begin(self, delta: Begin) -> None:
        self.answer = replace(self.answer, analyzer=delta.identity.label, prompt=delta.prompt, cached=delta.cached)
        if delta.reason:
            self.run.degrade(f"analyzer_fallback:{delta.reason}")
        if delta.dropped:
            self.run.degrade(f"evidence_dropped:{len(delta.dropped)}")

    def end(self, delta: End) -> None:
        self.answer = replace(
            self.answer,
            tokens_in=delta.tokens_in,
            tokens_out=delta.tokens_out,
            cost=delta.cost,
            currency=delta.currency,
        )

    def restart(self, reason: str) -> None:
        self.run.restart(reason)
        self.checked.clear()
        self.cutter, self.ledger = Cutter(), Ledger()

    def take(self, statements: list[Statement]) -> None:
        for statement in statements:
            checked = self.hold(check(statement, self.evidence, self.ledger))
            if checked.mark != "struck":
                self.run.emit("statement", **self.told(checked))
            self.checked.append(checked)

    def hold(self, checked: Checked) -> Checked:
        """With approval on, nothing that tells a person to isolate or operate leaves by itself.

        Whatever the analyzer called it: a sentence that commands is a step, unless it only repeats one.
        """
        if not self.run.approval or checked.mark == "struck" or checked.action not in CRITICAL:
            return checked
        kind = checked.statement.kind if checked.statement.kind in REPEATS else "step"
        return replace(checked, mark="held", statement=replace(checked.statement, kind=kind))

    def told(self, checked: Checked) -> dict[str, object]:
        kind, held = checked.statement.kind, checked.mark == "held"
        number = sum(c.statement.kind == kind and c.mark != "struck" for c in self.checked)
        return {
            "path": PATHS[kind].format(n=number),
            "text": "" if held else checked.statement.text,
            "action": checked.action if kind == "step" else None,
            "citations": tuple(map(sealed, checked.receipts)) if held else checked.receipts,
            "mark": checked.mark,
            "reasons": checked.reasons,
        }
