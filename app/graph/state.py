"""What the graph carries from node to node. Every class of ours in it is named to the checkpoint serializer."""

from dataclasses import dataclass
from typing import TypedDict

from app.core import diagnosis, document, question, statement
from app.core.diagnosis import Diagnosis
from app.core.question import Question
from app.core.statement import Checked
from app.faults.codes import Mention
from app.retrieval.base import Retrieved


@dataclass(frozen=True, slots=True)
class Answer:
    """What an analyzer said, checked. `unusable` means that it spoke and nothing of it could be proved."""

    statements: tuple[Checked, ...] = ()
    analyzer: str = ""
    prompt: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cached: bool = False
    cost: float = 0.0
    currency: str = "EUR"
    warnings: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Something that helps was said and proved: a meaning, a cause or a step."""
        return any(c.mark != "struck" and c.statement.kind in ("meaning", "cause", "step") for c in self.statements)


class State(TypedDict, total=False):
    question: Question
    mentions: tuple[Mention, ...]
    retrieved: Retrieved
    answer: Answer
    returned: bool  # verify has gone back to analyze
    diagnosis: Diagnosis


CHECKPOINTED: tuple[type, ...] = (
    question.Question,
    question.Asset,
    question.CodeFragment,
    question.Attachment,
    question.Options,
    document.Applicability,
    document.Part,
    document.Passage,
    diagnosis.NearCode,
    diagnosis.FaultCode,
    diagnosis.Citation,
    diagnosis.Finding,
    diagnosis.Hypothesis,
    diagnosis.Step,
    diagnosis.CodeFix,
    diagnosis.Confidence,
    diagnosis.Usage,
    diagnosis.Diagnosis,
    statement.Statement,
    statement.Checked,
    Mention,
    Retrieved,
    Answer,
)
