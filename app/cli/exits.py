"""Exit status of every verb, as `rail-debug --help` tells them."""

from app.core.diagnosis import Verdict
from app.core.errors import InvalidDocument, InvalidInput, NotFound, RailDebugError, TooLarge, UnsupportedFormat

ANSWERED = 0
FAILED = 1
WRONG_INPUT = 2
UNKNOWN_CODE = 3
INSUFFICIENT = 4
WAITS = 5
REFUSED = 6
REGRESSION = 7  # of `eval`: a figure left the interval of its baseline for the worse
DIFFERENT = 8  # of `replay`: a run came out otherwise than it was kept

OF_VERDICT: dict[Verdict, int] = {
    "answered": ANSWERED,
    "unknown_code": UNKNOWN_CODE,
    "insufficient_evidence": INSUFFICIENT,
    "needs_clarification": WAITS,
    "awaiting_approval": WAITS,
    "rejected": WAITS,
}

OF_ERROR: dict[type[RailDebugError], int] = {
    InvalidInput: WRONG_INPUT,
    UnsupportedFormat: WRONG_INPUT,
    TooLarge: WRONG_INPUT,
    NotFound: WRONG_INPUT,
    InvalidDocument: REFUSED,
}


def of_error(error: RailDebugError) -> int:
    return next((OF_ERROR[kind] for kind in type(error).__mro__ if kind in OF_ERROR), FAILED)
