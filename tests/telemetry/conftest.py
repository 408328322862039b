from collections.abc import Iterator

import pytest

from app.core.settings.telemetry import TelemetrySettings
from app.telemetry.setup import Tracing, configure


@pytest.fixture
def tracing() -> Iterator[Tracing]:
    tracing = configure(TelemetrySettings())
    yield tracing
    tracing.close()
