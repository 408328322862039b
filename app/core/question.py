"""What a person or program asks, as it travels through the house."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Asset:
    """The thing that failed; every field narrows which documents apply."""

    id: str | None = None
    vehicle_class: str | None = None
    baseline: str | None = None


@dataclass(frozen=True, slots=True)
class CodeFragment:
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text file that came with the question; it is material, never an instruction."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller may set for one answer, within the analyzer's caps."""

    temperature: float | None = None
    max_tokens: int | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    log: str = ""
    code: CodeFragment | None = None
    asset: Asset = field(default_factory=Asset)
    at: date | None = None
    kb: str = "main"
    conversation_id: str | None = None
    parent_run_id: str | None = None
    analyzer: str | None = None
    attachments: tuple[Attachment, ...] = ()
    locale: str | None = None
    options: Options = field(default_factory=Options)

    @property
    def day(self) -> date:
        """The day of the fault; when none is given, today."""
        return self.at or date.today()

    @property
    def material(self) -> str:
        """All that was handed in, the question first: what codes and words are looked for in."""
        code = self.code.text if self.code else ""
        return "\n".join(part for part in (self.text, self.log, code, *(a.text for a in self.attachments)) if part)
