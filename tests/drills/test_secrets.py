"""Secrets and personal data are planted wherever somebody can put them, and looked for wherever text leaves."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

from app.core.settings import Settings
from app.core.settings.telemetry import Collector, TelemetrySettings
from tests.otlp_server import http_receiver
from tests.telemetry.house import house

KEY = "sk-live-4f9a8b7c6d5e4f3a2b1c"
SECRETS = (KEY, "hunter2", "AKIAABCDEFGHIJKLMNOP", "anna@example.org", "eyJhbGciOi.eyJzdWIi")
PERSONAL = ("4711", "10442", "tcms-01.depot.internal", "10.20.30.40", "12.345", "51.12345")

DOCUMENT = """# Door controller

## E97-C Door controller lost

Train 4711 lost the door controller tcms-01.depot.internal. Cause: moisture in the connector X12.
Check the connector X12 of train 4711 for moisture. Driver 10442 noted it at km 12.345.
The maintenance password=hunter2 is printed on the lid. Mail anna@example.org.
"""
LOG = f"""08:33:01 train 4711 E97-C host 10.20.30.40 position 51.12345, 7.54321
08:33:02 driver_id=10442 token={KEY} Authorization: Bearer eyJhbGciOi.eyJzdWIi.c2ln
"""
ASKED: dict[str, Any] = {
    "question": f"E97-C on train 4711 at km 12.345, driver 10442: what now? My key is {KEY}",
    "log": LOG,
    "code": {"language": "python", "text": "AWS = 'AKIAABCDEFGHIJKLMNOP'  # host tcms-01.depot.internal"},
}


@pytest.fixture(autouse=True)
def quiet_again() -> Iterator[None]:
    """The drill logs everything; the tests after it do not."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


async def test_what_was_planted_is_found_nowhere(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with http_receiver() as received:
        collector = Collector(endpoint=received.endpoint, headers={"x-key": KEY})
        telemetry = TelemetrySettings(otlp={"jaeger": collector}, content=True, console=True, log_level="DEBUG")
        async with house(settings, telemetry, remote=True) as at:
            upload = {"file": ("doors/train-4711.md", DOCUMENT.encode())}
            assert (await at.client.post("/api/v1/documents", files=upload)).status_code in (200, 201)
            diagnosis = await at.ask(analyzer="stub", **ASKED)
            logging.getLogger("app.drill").warning("asked %s", ASKED["question"], extra={"log": LOG})
            page = (await at.client.get(f"/api/v1/traces/{diagnosis['trace_id']}")).text
            figures = (await at.client.get("/metrics")).text
            given = repr(at.model.bodies)
    told = "\n".join(capsys.readouterr())

    # it did answer, and says again what the person may read: the pieces are back, and hold as proof
    assert diagnosis["analyzer"].startswith("stub@")
    assert "Train 4711 lost the door controller tcms-01.depot.internal" in repr(diagnosis["citations"])
    assert "[train_" not in repr(diagnosis)

    places = {
        "remote analyzer": given,
        "collector": received.raw.decode("utf-8", "replace"),
        "log and console": told,
        "trace page": page,
        "metrics": figures,
    }
    assert "[train_1]" in places["remote analyzer"]
    assert "[train]" in places["log and console"]
    assert "E97-C" in places["remote analyzer"]
    found = {(place, piece) for place, text in places.items() for piece in (*SECRETS, *PERSONAL) if piece in text}
    assert found == set()
    assert "gen_ai.input.messages" in places["collector"]
