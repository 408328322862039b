"""The kind of failure that a vendor's class or a status stands for: tables, by name, so that nothing is imported."""

from collections.abc import Mapping

from app.core.errors import (
    AnalyzerBadOutput,
    AnalyzerContentPolicy,
    AnalyzerContextExceeded,
    AnalyzerError,
    AnalyzerRateLimited,
    AnalyzerRefused,
    AnalyzerTimeout,
    AnalyzerUnavailable,
    AnalyzerUnreachable,
)

# The nearest class in an error's line of descent decides.
BY_NAME: Mapping[str, type[AnalyzerError]] = {
    "OpenAIError": AnalyzerError,  # openai, and other clients made in its image
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
    "ContentFilterFinishReasonError": AnalyzerContentPolicy,
    "InvalidWebhookSignatureError": AnalyzerBadOutput,
    "WebSocketConnectionClosedError": AnalyzerUnavailable,
    "WebSocketQueueFullError": AnalyzerUnavailable,
    "ContextOverflowError": AnalyzerContextExceeded,  # langchain
    "ModelAuthenticationError": AnalyzerRefused,
    "ModelPermissionDeniedError": AnalyzerRefused,
    "ModelInvalidRequestError": AnalyzerError,
    "ModelNotFoundError": AnalyzerError,
    "ModelRateLimitError": AnalyzerRateLimited,
    "ModelTimeoutError": AnalyzerTimeout,
    "ModelConnectionError": AnalyzerUnavailable,
    "ModelAPIError": AnalyzerUnavailable,
    "OutputParserException": AnalyzerBadOutput,
    "ServerError": AnalyzerUnavailable,  # google
    "UnknownApiResponseError": AnalyzerBadOutput,
    "ResponseError": AnalyzerUnavailable,  # ollama
    "ConnectionResetError": AnalyzerUnavailable,
    "ConnectionError": AnalyzerUnreachable,  # so ollama's client says that nobody is there
    "RequestError": AnalyzerUnavailable,  # httpx
    "TimeoutException": AnalyzerTimeout,
    "DecodingError": AnalyzerBadOutput,
    "HTTPError": AnalyzerUnavailable,
    "StreamError": AnalyzerUnavailable,
    "ClientError": AnalyzerUnavailable,  # aiohttp
    "JSONDecodeError": AnalyzerBadOutput,
    "ValidationError": AnalyzerBadOutput,
    "TimeoutError": AnalyzerTimeout,
    "OSError": AnalyzerUnavailable,
}
BY_STATUS: Mapping[int, type[AnalyzerError]] = {
    400: AnalyzerError,
    401: AnalyzerRefused,
    403: AnalyzerRefused,
    404: AnalyzerError,
    422: AnalyzerError,
    429: AnalyzerRateLimited,
}
NOBODY = frozenset({"ClientConnectorError", "ConnectError", "ConnectionRefusedError", "gaierror"})
LOST = frozenset({"ServerDisconnectedError", "ConnectionResetError", "BrokenPipeError", "RemoteProtocolError"})
HINTS = {
    401: "Check the key of this analyzer.",
    403: "Check what the key of this analyzer may do.",
    404: "Check base_url and model of this analyzer.",
}
