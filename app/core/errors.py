"""Every error that Rail Debug raises, as one small tree.

RailDebugError
├── InvalidInput            the question, a file name or an option is not acceptable
│   ├── UnknownAnalyzer
│   ├── InvalidSettings
│   └── InvalidBackup
├── TooLarge
├── NotFound
├── NotAuthenticated
├── Forbidden
├── Conflict
├── UnsupportedFormat
├── InvalidDocument
├── MissingExtra            an optional part is not installed
├── PromptError
├── PromptStoreUnavailable  Langfuse is away, or speaks in riddles
├── ModelDamaged            a model's file is not what it should be
├── DownloadFailed
├── AnalyzerError           ── AnalyzerTimeout, AnalyzerUnavailable (AnalyzerUnreachable, AnalyzerNoRoom),
│                              AnalyzerRateLimited, AnalyzerRefused (AnalyzerContentPolicy),
│                              AnalyzerContextExceeded, AnalyzerBadOutput
├── AnswerWithdrawn
├── StoreUnavailable
│   └── StoreRefused        it is there and says no
│       └── StoreMissing
├── EmbedderUnavailable
├── RerankerUnavailable
└── RecordsUnavailable

`code` is stable and is what programs compare; `hint` says what to do next; `retry` says whether the same call may
succeed later. Nothing here knows of HTTP: doors translate, by one table in `gate/errors.py`.
"""

from typing import ClassVar


class RailDebugError(Exception):
    code: ClassVar[str] = "internal"
    hint: str = "Look at the service's log under this run's id."
    retry: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or type(self).hint


class InvalidInput(RailDebugError):
    code = "invalid_input"
    hint = "Correct the input and send it again."


class UnknownAnalyzer(InvalidInput):
    code = "unknown_analyzer"
    hint = "Name one of the configured analyzers, or none to take the active one."


class InvalidSettings(InvalidInput):
    code = "invalid_settings"
    hint = "Correct the setting that is named; `.env.example` lists them all."


class InvalidBackup(InvalidInput):
    code = "invalid_backup"
    hint = "Take another copy of the backup, or an older one; nothing was restored."


class TooLarge(RailDebugError):
    code = "too_large"
    hint = "Send less: cut the log to the minutes around the fault."


class NotFound(RailDebugError):
    code = "not_found"
    hint = "Check the id; you see only what belongs to you."


class NotAuthenticated(RailDebugError):
    code = "not_authenticated"
    hint = "Send a key as `Authorization: Bearer …`; `rail-debug keys create` makes one."


class Forbidden(RailDebugError):
    code = "forbidden"
    hint = "Ask an administrator for a key with that scope."


class Conflict(RailDebugError):
    code = "conflict"
    hint = "Read the current state; somebody was first."


class UnsupportedFormat(RailDebugError):
    code = "unsupported_format"
    hint = "Convert the file to one of the formats that are read."


class InvalidDocument(RailDebugError):
    code = "invalid_document"
    hint = "Repair the file and ingest it again; the version before it, if any, still answers."

    def __init__(self, message: str, *, hint: str | None = None, line: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.line = line  # where in the file, from 1


class MissingExtra(RailDebugError):
    code = "missing_extra"

    def __init__(self, part: str, extra: str) -> None:
        super().__init__(f"{part} is not installed.", hint=f"pip install 'rail-debug[{extra}]'")


class PromptError(RailDebugError):
    code = "prompt_error"
    hint = "Check the front matter and the variables of the prompt file."


class PromptStoreUnavailable(RailDebugError):
    code = "prompt_store_unavailable"
    retry = True
    hint = "Check RAIL_DEBUG_PROMPTS__LANGFUSE__…; answers go on with the prompts that were there last, or the files."


class ModelDamaged(RailDebugError):
    code = "model_damaged"
    hint = "Remove the model and pull it again; compare the checksum with the one its publisher tells."


class DownloadFailed(RailDebugError):
    code = "download_failed"
    hint = "Run the same command again: it goes on where it stopped."
    retry = True


class AnalyzerError(RailDebugError):
    code = "analyzer_error"
    hint = "Another analyzer, or `evidence`, can answer."


class AnalyzerTimeout(AnalyzerError):
    code = "analyzer_timeout"
    retry = True


class AnalyzerUnavailable(AnalyzerError):
    code = "analyzer_unavailable"
    retry = True


class AnalyzerUnreachable(AnalyzerUnavailable):
    """Nobody is there: asking again at once would meet the same."""

    code = "analyzer_unreachable"


class AnalyzerNoRoom(AnalyzerUnavailable):
    code = "analyzer_no_room"
    hint = "Unload another one, switch to `evidence` first, take a smaller model, or raise RAIL_DEBUG_POOL__RAM_SHARE."


class AnalyzerRateLimited(AnalyzerError):
    code = "analyzer_rate_limited"
    retry = True

    def __init__(self, message: str, *, after: float | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.after = after  # seconds, as the server asked


class AnalyzerRefused(AnalyzerError):
    code = "analyzer_refused"


class AnalyzerContentPolicy(AnalyzerRefused):
    """It is the question that was refused, not the caller."""

    code = "analyzer_content_policy"


class AnalyzerContextExceeded(AnalyzerError):
    code = "analyzer_context_exceeded"


class AnalyzerBadOutput(AnalyzerError):
    code = "analyzer_bad_output"


class AnswerWithdrawn(RailDebugError):
    """Another analyzer begins, and the door cannot take back what the first one said."""

    code = "answer_withdrawn"
    hint = "Follow nothing of it and ask again; the record of the run holds the whole answer."
    retry = True


class StoreUnavailable(RailDebugError):
    code = "store_unavailable"
    retry = True
    hint = "The service answers from what it has; `/readyz` tells when the store is back."


class StoreRefused(StoreUnavailable):
    """No vectorizer, no permission, no room."""

    code = "store_refused"
    hint = "Look at the store's own log: it is there, and says why."


class StoreMissing(StoreRefused):
    """It knows no such collection, or no such tenant in it."""

    code = "store_missing"
    hint = "It is made again, and filled, for the next question."


class EmbedderUnavailable(RailDebugError):
    code = "embedder_unavailable"
    hint = "Install the weights (`make setup`) or set RAIL_DEBUG_EMBEDDER_PATH; words and codes are searched meanwhile."


class RerankerUnavailable(RailDebugError):
    code = "reranker_unavailable"
    retry = True
    hint = "Check RAIL_DEBUG_RETRIEVAL__RERANKING__…; passages keep the order that fusion gave them meanwhile."


class RecordsUnavailable(RailDebugError):
    code = "records_unavailable"
    retry = True
    hint = "Check the disk and the database that hold the records."
