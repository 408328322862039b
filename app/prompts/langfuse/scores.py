"""Scores on their way to Langfuse: a bounded queue and one thread; whoever hands one in never waits."""

import hashlib
import logging
import queue
import threading
import time
from collections.abc import Sequence
from typing import Protocol

from app.core.errors import MissingExtra, NotFound, PromptStoreUnavailable
from app.core.feedback import FeedbackRow
from app.prompts.langfuse.client import Score

log = logging.getLogger(__name__)

BATCH = 50
LAST_S = 1.0  # seconds that closing waits for what is still queued


class Sink(Protocol):
    def score(self, scores: Sequence[Score]) -> None: ...


class ScoreQueue:
    """What cannot be sent is tried again until newer scores need the room; `dropped` counts what was given up."""

    def __init__(self, sink: Sink, size: int, retry_s: float = 15.0) -> None:
        self._sink = sink
        self._retry_s = retry_s
        self._waiting: queue.Queue[Score] = queue.Queue(size)
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self.dropped = 0
        self.sent = 0

    def put(self, *scores: Score) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="langfuse-scores", daemon=True)
            self._thread.start()
        for score in scores:
            try:
                self._waiting.put_nowait(score)
            except queue.Full:
                self.dropped += 1

    def close(self) -> None:
        """What is queued has a moment to go out."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(LAST_S)

    def _work(self) -> None:
        held: list[Score] = []
        while not (self._closing.is_set() and not held and self._waiting.empty()):
            held += self._take(BATCH - len(held))
            if not held:
                continue
            try:
                self._sink.score(held)
                self.sent += len(held)
                held = []
            except (PromptStoreUnavailable, MissingExtra, NotFound) as error:
                log.warning("%d scores wait: %s", len(held) + self._waiting.qsize(), error.message)
                if self._closing.wait(self._retry_s):
                    self.dropped += len(held) + self._waiting.qsize()
                    return

    def _take(self, room: int) -> list[Score]:
        """Waits for the first one, and takes along what is there."""
        taken: list[Score] = []
        deadline = time.monotonic() + 0.2
        while len(taken) < room:
            try:
                taken.append(self._waiting.get(timeout=max(0.0, deadline - time.monotonic()) if not taken else 0.01))
            except queue.Empty:
                break
        return taken


def scores_of(row: FeedbackRow) -> tuple[Score, ...]:
    """Feedback as Langfuse keeps it: of an answer that left no trace there is nothing to tie it to."""
    said, credit = row.feedback, row.credit
    if not credit.trace_id:
        return ()
    told = [("user-feedback", 1.0 if said.thumbs == "up" else 0.0, said.text)] if said.thumbs else []
    if said.corrected_cause:
        told.append(("corrected-cause", 1.0, said.corrected_cause))
    if said.closed_case:
        told.append(("case-closed", 1.0, ""))
    about = (("run_id", said.run_id), ("prompt", credit.prompt), ("analyzer", credit.analyzer))
    return tuple(
        Score(_id(said.run_id, row.given_by, name), credit.trace_id, name, value, comment, about)
        for name, value, comment in told
    )


def _id(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
