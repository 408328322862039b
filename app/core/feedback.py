"""What a person says of an answer, and to which run, prompt and analyzer that belongs."""

from dataclasses import dataclass
from typing import Literal

Thumbs = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Feedback:
    run_id: str
    thumbs: Thumbs | None = None
    corrected_cause: str = ""
    text: str = ""
    closed_case: bool = False

    @property
    def empty(self) -> bool:
        return not (self.thumbs or self.corrected_cause.strip() or self.text.strip() or self.closed_case)


@dataclass(frozen=True, slots=True)
class Credit:
    """Whom an answer is owed to."""

    prompt: str = ""  # `name@version/variant`, empty where no prompt was rendered
    analyzer: str = ""
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class FeedbackRow:
    feedback: Feedback
    credit: Credit
    kb: str
    given_by: str
    given_at: float
