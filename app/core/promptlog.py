"""Who changed which prompt, when; and which version a label points to."""

from dataclasses import dataclass
from typing import Literal

PromptAction = Literal["push", "pull", "promote", "rollback", "experiment", "stop"]


@dataclass(frozen=True, slots=True)
class PromptChange:
    action: PromptAction
    name: str  # of the prompt, or of the experiment
    label: str
    before: str  # version or state, empty where there was none
    after: str
    digest: str
    who: str
    note: str
    at: float


@dataclass(frozen=True, slots=True)
class Pointer:
    name: str
    label: str
    version: int
