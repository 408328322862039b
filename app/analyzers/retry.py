"""When to ask again: exponential back-off with full jitter, within the deadline, as the kind of error allows."""

import random
import time

from app.core.errors import AnalyzerError

BASE_S = 0.25
CAP_S = 4.0
PATIENCE_S = 30.0  # a server that asks to wait longer is given up


def pause(error: AnalyzerError, attempt: int, retries: int, deadline: float) -> float | None:
    """Seconds to wait before attempt `attempt + 1`, counted from 0; None when there is to be none."""
    if not error.retry or attempt >= retries:
        return None
    asked = float(getattr(error, "after", None) or 0.0)
    jitter = random.uniform(0, min(CAP_S, BASE_S * 2**attempt))  # noqa: S311  (spreads callers, guards nothing)
    wait = asked + jitter
    return wait if asked <= PATIENCE_S and time.monotonic() + wait < deadline else None
