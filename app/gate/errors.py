"""Errors as HTTP tells them: one table, and RFC 9457 problem details made of it."""

from typing import Any, Final

from app.core import errors
from app.core.errors import RailDebugError

STATUS: Final[dict[type[RailDebugError], tuple[int, str]]] = {
    errors.RailDebugError: (500, "Something went wrong inside"),
    errors.InvalidInput: (400, "The input is not acceptable"),
    errors.UnknownAnalyzer: (400, "No such analyzer is configured"),
    errors.InvalidSettings: (500, "The service is not set up correctly"),
    errors.InvalidBackup: (400, "The backup cannot be used"),
    errors.TooLarge: (413, "Too much was sent"),
    errors.NotFound: (404, "Not found"),
    errors.NotAuthenticated: (401, "A key is needed"),
    errors.Forbidden: (403, "This key may not do that"),
    errors.Conflict: (409, "Somebody was first"),
    errors.UnsupportedFormat: (415, "This format is not read"),
    errors.InvalidDocument: (422, "The document cannot be read"),
    errors.MissingExtra: (501, "An optional part is not installed"),
    errors.PromptError: (500, "A prompt is not usable"),
    errors.PromptStoreUnavailable: (503, "The prompt server is not there"),
    errors.ModelDamaged: (422, "The model is damaged"),
    errors.DownloadFailed: (502, "The model could not be fetched"),
    errors.AnalyzerError: (502, "The analyzer failed"),
    errors.AnalyzerTimeout: (504, "The analyzer took too long"),
    errors.AnalyzerUnavailable: (503, "The analyzer is not there"),
    errors.AnalyzerUnreachable: (503, "The analyzer cannot be reached"),
    errors.AnalyzerNoRoom: (507, "There is no room for the analyzer"),
    errors.AnalyzerRateLimited: (503, "The analyzer asks to wait"),
    errors.AnalyzerRefused: (502, "The analyzer refused"),
    errors.AnalyzerContentPolicy: (502, "The analyzer will not speak of this"),
    errors.AnalyzerContextExceeded: (413, "More than the analyzer can read"),
    errors.AnalyzerBadOutput: (502, "The analyzer's answer is not usable"),
    errors.AnswerWithdrawn: (502, "The answer was taken back"),
    errors.StoreUnavailable: (503, "The store is not there"),
    errors.StoreRefused: (503, "The store says no"),
    errors.StoreMissing: (503, "The store does not hold this knowledge base"),
    errors.EmbedderUnavailable: (503, "The embedder is not there"),
    errors.RerankerUnavailable: (503, "The reranker is not there"),
    errors.RecordsUnavailable: (503, "The records are not there"),
}
UNFORESEEN: Final = RailDebugError("Something went wrong inside; the log says what.")


def problem(error: BaseException) -> dict[str, Any]:
    """An error that is not ours keeps its text to itself: it may hold what no caller should read."""
    ours = error if isinstance(error, RailDebugError) else UNFORESEEN
    status, title = STATUS[next(kind for kind in type(ours).__mro__ if kind in STATUS)]
    return {
        "type": f"urn:rail-debug:error:{ours.code}",
        "title": title,
        "status": status,
        "detail": ours.message,
        "code": ours.code,
        "hint": ours.hint,
        "retry": ours.retry,
    }
