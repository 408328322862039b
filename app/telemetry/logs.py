"""The log: a line of JSON an event on stderr, each with its run and its trace, none with a secret."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from app.core.settings.telemetry import TelemetrySettings
from app.telemetry import masking
from app.telemetry.spans import OPEN, RUN

# What every record carries; anything beyond was handed in as `extra=` and belongs into the line.
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "color_message"}

CHATTY = ("httpx",)  # a line a request, which costs a tenth of the request


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        span = OPEN.get()
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": masking.text(self._message(record)),
        }
        line |= {name: value for name, value in (("run_id", RUN.get()), ("trace_id", span and span.trace_id)) if value}
        line |= {
            name: masking.MASK if masking.names_a_secret(name) else masking.fields(value)
            for name, value in record.__dict__.items()
            if name not in _STANDARD and name not in line
        }
        if record.exc_info:
            line["exception"] = masking.text(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = masking.text(record.stack_info)
        return json.dumps(line, ensure_ascii=False)

    @staticmethod
    def _message(record: logging.LogRecord) -> str:
        try:
            return record.getMessage()
        except (TypeError, ValueError):  # arguments that do not fit: the line is wanted all the same
            return f"{record.msg} {record.args}"


class Lines(logging.StreamHandler[TextIO]):
    """Ours, so that setting up twice does not write twice."""


def configure(settings: TelemetrySettings, stream: TextIO | None = None) -> None:
    """All loggers of the process write here; handlers of others are left alone."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, Lines)]:
        root.removeHandler(handler)
    handler = Lines(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root.addHandler(handler)
    root.setLevel(settings.log_level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.NOTSET if settings.log_level == "DEBUG" else logging.WARNING)
