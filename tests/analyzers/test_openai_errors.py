"""Every exception of the vendor, its transport and the loop has a place in our tree."""

import inspect

import aiohttp
import httpx
import openai
import pytest

from app.analyzers.remote.errors import retry_after, translate
from app.analyzers.remote.kinds import BY_NAME
from app.core import errors

RAISED = [
    cls for name, cls in inspect.getmembers(openai, inspect.isclass) if issubclass(cls, Exception) and name[0] != "_"
]
RAISED += [cls for _, cls in inspect.getmembers(openai._exceptions, inspect.isclass) if issubclass(cls, Exception)]


@pytest.mark.parametrize(
    "cls", sorted({c for c in RAISED if c.__module__.startswith("openai")}, key=lambda c: c.__name__)
)
def test_no_exception_of_the_client_is_missed(cls: type[Exception]) -> None:
    assert cls.__name__ in BY_NAME


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ReadTimeout("x"), errors.AnalyzerTimeout),
        (httpx.ReadError("x"), errors.AnalyzerUnavailable),
        (httpx.DecodingError("x"), errors.AnalyzerBadOutput),
        (aiohttp.ClientPayloadError("x"), errors.AnalyzerUnavailable),
        (ConnectionResetError("x"), errors.AnalyzerUnavailable),
        (TimeoutError(), errors.AnalyzerTimeout),
    ],
)
def test_the_transport_is_translated_too(error: Exception, kind: type[errors.AnalyzerError]) -> None:
    assert type(translate(error, "gpt")) is kind


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def test_a_lost_connection_that_the_transport_calls_a_timeout_is_none() -> None:
    lost = caused(httpx.ConnectTimeout("x"), aiohttp.ServerDisconnectedError())
    slow = caused(httpx.ConnectTimeout("x"), aiohttp.ConnectionTimeoutError())
    assert type(translate(lost, "gpt")) is errors.AnalyzerUnavailable
    assert type(translate(slow, "gpt")) is errors.AnalyzerTimeout


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({"retry-after": "2"}, 2, 2),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5, 1.5),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0, 0),
        ({"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT"}, 1e6, 1e12),
    ],
)
def test_the_wait_is_read_in_every_form(headers: dict[str, str], low: float, high: float) -> None:
    response = httpx.Response(429, headers=headers, request=httpx.Request("POST", "http://x"))
    wait = retry_after(openai.RateLimitError("x", response=response, body=None))
    assert wait is not None and low <= wait <= high


@pytest.mark.parametrize("headers", [{}, {"retry-after": "soon"}, {"retry-after": "Wed, 21 Oct 2015 07:28:00"}])
def test_a_wait_that_cannot_be_read_is_none(headers: dict[str, str]) -> None:
    response = httpx.Response(429, headers=headers, request=httpx.Request("POST", "http://x"))
    assert not retry_after(openai.RateLimitError("x", response=response, body=None))
