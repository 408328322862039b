"""One answer while it is written: what it may say next, what it has said, and when it ends."""

from dataclasses import dataclass
from typing import Any

from app.analyzers.local.inbox import Job
from app.analyzers.local.request import Request
from app.analyzers.transformers.batch import Batch
from app.analyzers.transformers.sampling import Guide, Sampler
from app.core.brief import End, Text


@dataclass(eq=False, slots=True)
class Row:
    job: Job
    request: Request
    sampler: Sampler
    guide: Guide | None
    decoder: Any  # tokenizers' DecodeStream, which holds half a character back
    read: Batch  # of the prompt, while it is being read
    made: int = 0
    last: int = -1
    done: bool = False

    @property
    def unread(self) -> list[int]:
        return self.request.tokens[self.read.width :]

    def choose(self, logits: Any, tokenizer: Any, ends: frozenset[int]) -> None:
        """Take the next word from `logits` (V,) and say it."""
        if self.guide:
            logits = logits.masked_fill(~self.guide.allowed(len(logits)), float("-inf"))
        self.last = self.sampler(logits)
        if self.last in ends:
            return self.end("stop")
        self.made += 1
        if self.guide:
            self.guide.said(self.last)
        if text := self.decoder.step(tokenizer, self.last):
            self.job.out.put(Text(text))
        if self.guide and self.guide.whole:
            self.end("stop")
        elif self.made >= self.request.limit:
            self.end("length")
        return None

    def end(self, finish: str) -> None:
        self.done = True
        self.job.out.put(End(len(self.request.tokens), self.made, finish))
        self.job.out.close()
