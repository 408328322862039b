"""What the rest of the house knows of prompts: a registry hands out a set, and that set is fixed for one run."""

from typing import Protocol

from app.core.brief import PromptSet


class Prompts(Protocol):
    def current(self) -> PromptSet:
        """Cheap, never waits: the set that a run begun now would use."""
        ...
