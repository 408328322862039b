import io
import json
import logging
from collections.abc import Iterator

import pytest

from app.core.settings.telemetry import TelemetrySettings
from app.telemetry import logs, spans
from app.telemetry.setup import Tracing


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    level, stream = root.level, io.StringIO()
    logs.configure(TelemetrySettings(), stream)
    yield stream
    root.setLevel(level)
    for handler in [handler for handler in root.handlers if isinstance(handler, logs.Lines)]:
        root.removeHandler(handler)


def last(stream: io.StringIO) -> dict[str, object]:
    line: dict[str, object] = json.loads(stream.getvalue().splitlines()[-1])
    return line


def test_a_line_is_json_with_time_level_logger_and_message(written: io.StringIO) -> None:
    logging.getLogger("app.ingest").warning("%d files refused", 3)
    line = last(written)
    assert (line["level"], line["logger"], line["message"]) == ("WARNING", "app.ingest", "3 files refused")
    assert str(line["time"]).endswith("+00:00")
    assert "run_id" not in line


def test_a_line_names_its_run_and_trace_and_forgets_them_afterwards(written: io.StringIO, tracing: Tracing) -> None:
    with spans.agent("run-1", "main") as run, spans.node("analyze"):
        logging.getLogger("app").info("inside")
    inside = last(written)
    logging.getLogger("app").info("outside")
    assert (inside["run_id"], inside["trace_id"]) == ("run-1", run.trace_id)
    assert not {"run_id", "trace_id"} & set(last(written))


def test_a_vendors_line_for_every_request_is_kept_out_but_its_warnings_are_not(written: io.StringIO) -> None:
    logging.getLogger("httpx").info("HTTP Request: POST …")
    assert not written.getvalue()
    logging.getLogger("httpx").warning("the pool is full")
    assert last(written)["logger"] == "httpx"


def test_the_run_is_named_even_while_tracing_is_off(written: io.StringIO) -> None:
    with spans.agent("run-2", "main"):
        logging.getLogger("app").info("inside")
    assert last(written)["run_id"] == "run-2"
    assert "trace_id" not in last(written)


def test_secrets_are_masked_in_message_fields_and_exceptions(written: io.StringIO) -> None:
    try:
        raise ValueError("login with password=hunter2 failed")
    except ValueError:
        logging.getLogger("app").exception(
            "key %s of anna@example.org", "sk-abcdefgh12345678", extra={"token": "hunter2", "body": {"pwd": "hunter2"}}
        )
    line = last(written)
    for secret in ("hunter2", "sk-abc", "anna@"):
        assert secret not in json.dumps(line)
    assert "ValueError" in str(line["exception"])
    assert (line["token"], line["body"]) == ("***", {"pwd": "***"})


def test_one_event_is_one_line_whatever_it_says(written: io.StringIO) -> None:
    logging.getLogger("app").info("line one\nline two \x1b[31mred", stack_info=True)
    assert len(written.getvalue().splitlines()) == 1
    assert "stack" in last(written)


def test_arguments_that_do_not_fit_do_not_lose_the_line() -> None:
    record = logging.makeLogRecord({"msg": "%d codes", "args": ("many",)})
    assert json.loads(logs.JsonLines().format(record))["message"] == "%d codes ('many',)"


def test_the_level_is_kept_and_setting_up_twice_writes_once(written: io.StringIO) -> None:
    logs.configure(TelemetrySettings(log_level="WARNING"), written)
    logging.getLogger("app").info("not this")
    logging.getLogger("app").warning("this")
    assert [json.loads(line)["message"] for line in written.getvalue().splitlines()] == ["this"]


def test_an_extra_field_cannot_replace_what_the_line_is_about(written: io.StringIO) -> None:
    logging.getLogger("app").info("true", extra={"level": "FORGED", "time": "never"})
    assert last(written)["level"] == "INFO"
