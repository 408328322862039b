"""What a vendor's client, its transport and the server raise or report, as errors of the house."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from app.analyzers.remote.kinds import BY_NAME, BY_STATUS, HINTS, LOST, NOBODY
from app.core.errors import (
    AnalyzerContentPolicy,
    AnalyzerContextExceeded,
    AnalyzerError,
    AnalyzerRateLimited,
    AnalyzerRefused,
    AnalyzerTimeout,
    AnalyzerUnavailable,
    AnalyzerUnreachable,
)

CONTEXT = re.compile(
    r"context.{0,20}(?:length|window|size)|maximum context|too many tokens|prompt is too long"
    r"|maximum number of tokens allowed|prompt too long",
    re.I,
)
POLICY = re.compile(r"content_?(?:filter|policy)", re.I)
KEY = re.compile(r"API[ _]key (?:not valid|expired|not found)|API_KEY_INVALID", re.I)


def translate(error: BaseException, name: str) -> AnalyzerError:
    """The message keeps the status and the kind, never the request: that may hold documents and keys."""
    told = next((cause for cause in causes(error) if _status(cause)), error)
    status, said = _status(told), str(getattr(told, "message", None) or getattr(told, "error", None) or "")
    code = str(getattr(told, "code", None) or "")
    if code == "context_length_exceeded" or status == 413 or (status in (400, 422, 500) and CONTEXT.search(said)):
        return AnalyzerContextExceeded(f"{name!r} cannot take a prompt of this length.")
    if POLICY.search(code):
        return AnalyzerContentPolicy(f"{name!r} refused: {code}.")
    if code == "insufficient_quota" or KEY.search(said):
        return AnalyzerRefused(f"{name!r} refused.", hint="Check the key and the quota of this analyzer.")
    kind = _kind(error, told, status)
    message = f"{name!r} gave no answer ({f'HTTP {status}' if status else type(error).__name__})."
    if issubclass(kind, AnalyzerRateLimited):
        return AnalyzerRateLimited(f"{name!r} asks to wait (HTTP {status or 429}).", after=retry_after(told))
    return kind(message, hint=HINTS.get(status or 0))


def reported(payload: object, name: str) -> AnalyzerError:
    """An error that the server puts into a stream it has already begun."""
    told = payload if isinstance(payload, Mapping) else {}
    code, said = str(told.get("code") or told.get("type") or "error"), str(told.get("message") or "")
    if "context_length" in code or CONTEXT.search(said):
        return AnalyzerContextExceeded(f"{name!r} cannot take a prompt of this length.")
    if "rate_limit" in code or code == "429":
        return AnalyzerRateLimited(f"{name!r} asks to wait.")
    if POLICY.search(code):
        return AnalyzerContentPolicy(f"{name!r} refused: content filter.")
    return AnalyzerUnavailable(f"{name!r} broke its answer off with an error.")


def retry_after(error: BaseException) -> float | None:
    """Seconds that the server asks to wait, from any of the three forms of its header, or from its message."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    if value is None:
        return _delay(getattr(error, "details", None))
    if (seconds := _number(value)) is not None:
        return seconds
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _delay(details: object) -> float | None:
    """Google's own form: a `RetryInfo` among the details of the error."""
    told = details.get("error", details) if isinstance(details, Mapping) else {}
    listed = told.get("details") if isinstance(told, Mapping) else None
    for detail in listed if isinstance(listed, list) else ():
        if isinstance(detail, Mapping) and str(detail.get("@type", "")).endswith("RetryInfo"):
            return _number(str(detail.get("retryDelay", "")).removesuffix("s"))
    return None


def _number(value: str | None) -> float | None:
    try:
        return max(0.0, float(value)) if value else None
    except ValueError:
        return None


def _status(error: BaseException) -> int | None:
    """Of OpenAI's and most others' clients `status_code`, of Google's `code`; aiohttp's parser has a `code` too."""
    told = getattr(error, "code" if type(error).__module__.startswith("google.") else "status_code", None)
    return told if isinstance(told, int) and 400 <= told <= 599 else None


def _kind(error: BaseException, told: BaseException, status: int | None) -> type[AnalyzerError]:
    if status in (408, 504):
        return AnalyzerTimeout
    if status == 503 and retry_after(told) is not None:
        return AnalyzerRateLimited
    if plain := BY_STATUS.get(status or 0):
        return plain
    named = (BY_NAME[cls.__name__] for cls in type(error).__mro__ if cls.__name__ in BY_NAME)
    kind = next(named, AnalyzerUnavailable if status else AnalyzerError)
    if not issubclass(kind, AnalyzerTimeout | AnalyzerUnavailable) or status:
        return kind
    return _connection(error) or kind


def _connection(error: BaseException) -> type[AnalyzerError] | None:
    """What became of the connection: aiohttp's transport reports a refused or lost one as a timeout."""
    met = [cls.__name__ for cause in causes(error) for cls in type(cause).__mro__]
    if any(isinstance(cause, TimeoutError) for cause in causes(error)):
        return None
    if any(name in LOST for name in met):
        return AnalyzerUnavailable
    return AnalyzerUnreachable if any(name in NOBODY for name in met) else None
