"""What the vendor's client, its transport and the server raise or report, as errors of the house."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from app.core.errors import (
    AnalyzerBadOutput,
    AnalyzerContextExceeded,
    AnalyzerError,
    AnalyzerRateLimited,
    AnalyzerRefused,
    AnalyzerTimeout,
    AnalyzerUnavailable,
)

# By name, so that nothing heavy is imported; the nearest class in an error's line of descent decides.
BY_NAME: Mapping[str, type[AnalyzerError]] = {
    "OpenAIError": AnalyzerError,
    "APIError": AnalyzerUnavailable,
    "APIConnectionError": AnalyzerUnavailable,
    "APITimeoutError": AnalyzerTimeout,
    "APIStatusError": AnalyzerUnavailable,
    "APIResponseValidationError": AnalyzerBadOutput,
    "BadRequestError": AnalyzerError,
    "AuthenticationError": AnalyzerRefused,
    "OAuthError": AnalyzerRefused,
    "SubjectTokenProviderError": AnalyzerRefused,
    "PermissionDeniedError": AnalyzerRefused,
    "NotFoundError": AnalyzerError,
    "ConflictError": AnalyzerUnavailable,
    "UnprocessableEntityError": AnalyzerError,
    "RateLimitError": AnalyzerRateLimited,
    "InternalServerError": AnalyzerUnavailable,
    "LengthFinishReasonError": AnalyzerBadOutput,
    "ContentFilterFinishReasonError": AnalyzerRefused,
    "InvalidWebhookSignatureError": AnalyzerBadOutput,
    "WebSocketConnectionClosedError": AnalyzerUnavailable,
    "WebSocketQueueFullError": AnalyzerUnavailable,
    "TimeoutException": AnalyzerTimeout,  # httpx
    "DecodingError": AnalyzerBadOutput,
    "HTTPError": AnalyzerUnavailable,
    "StreamError": AnalyzerUnavailable,
    "ClientError": AnalyzerUnavailable,  # aiohttp
    "TimeoutError": AnalyzerTimeout,
    "OSError": AnalyzerUnavailable,
}
CONTEXT = re.compile(r"context.{0,20}(?:length|window|size)|maximum context|too many tokens|prompt is too long", re.I)
HINTS = {
    401: "Check the key of this analyzer.",
    403: "Check what the key of this analyzer may do.",
    404: "Check base_url and model of this analyzer.",
}


def translate(error: BaseException, name: str) -> AnalyzerError:
    """The message keeps the status and the kind, never the request: that may hold documents and keys."""
    status = getattr(error, "status_code", None)
    code = str(getattr(error, "code", None) or "")
    said = str(getattr(error, "message", ""))
    if code == "context_length_exceeded" or status == 413 or (status in (400, 422, 500) and CONTEXT.search(said)):
        return AnalyzerContextExceeded(f"{name!r} cannot take a prompt of this length.")
    if code in ("insufficient_quota", "content_filter", "content_policy_violation"):
        return AnalyzerRefused(f"{name!r} refused: {code}.")
    kind = _kind(error, status)
    message = f"{name!r} gave no answer ({f'HTTP {status}' if status else type(error).__name__})."
    if kind is AnalyzerRateLimited:
        return AnalyzerRateLimited(f"{name!r} asks to wait (HTTP {status}).", after=retry_after(error))
    return kind(message, hint=HINTS.get(status or 0))


def reported(payload: object, name: str) -> AnalyzerError:
    """An error that the server puts into a stream it has already begun."""
    told = payload if isinstance(payload, Mapping) else {}
    code, said = str(told.get("code") or told.get("type") or "error"), str(told.get("message") or "")
    if "context_length" in code or CONTEXT.search(said):
        return AnalyzerContextExceeded(f"{name!r} cannot take a prompt of this length.")
    if "rate_limit" in code:
        return AnalyzerRateLimited(f"{name!r} asks to wait.")
    if "content" in code and ("filter" in code or "policy" in code):
        return AnalyzerRefused(f"{name!r} refused: content filter.")
    return AnalyzerUnavailable(f"{name!r} broke its answer off with an error.")


def retry_after(error: BaseException) -> float | None:
    """Seconds that the server asks to wait, from any of the three forms of its header."""
    headers = getattr(getattr(error, "response", None), "headers", {})
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    if value is None or (seconds := _number(value)) is not None:
        return seconds if value is not None else None
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _number(value: str | None) -> float | None:
    try:
        return max(0.0, float(value)) if value else None
    except ValueError:
        return None


def _kind(error: BaseException, status: int | None) -> type[AnalyzerError]:
    if status in (408, 504):
        return AnalyzerTimeout
    if status == 503 and retry_after(error) is not None:
        return AnalyzerRateLimited
    names = (cls.__name__ for cls in type(error).__mro__)
    kind = next((BY_NAME[name] for name in names if name in BY_NAME), AnalyzerError)
    return AnalyzerUnavailable if kind is AnalyzerTimeout and _unreachable(error) else kind


def _unreachable(error: BaseException) -> bool:
    """The aiohttp transport reports a refused or lost connection as a timeout; its own cause tells the two apart."""
    lost = any("ClientConnectionError" in (c.__name__ for c in type(cause).__mro__) for cause in _causes(error))
    return lost and not any(isinstance(cause, TimeoutError) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__
