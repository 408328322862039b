"""When to ask again: exponential back-off with full jitter, within the deadline, as the kind of error allows."""

import random
import time

from app.analyzers.decide import Move, Situation, decide, wait
from app.core.errors import AnalyzerError


def pause(error: AnalyzerError, attempt: int, retries: int, deadline: float) -> float | None:
    """Seconds to wait before attempt `attempt + 1`, counted from 0; None when there is to be none."""
    seconds = wait(error, attempt, random.random())  # noqa: S311  (spreads callers, guards nothing)
    at = Situation(type(error), tries=retries - attempt, wait=seconds, left=deadline - time.monotonic())
    return seconds if decide(at) is Move.AGAIN else None
