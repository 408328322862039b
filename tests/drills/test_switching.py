"""A short turn of the drills whose long ones stand in `docs/reports`."""

import json
from pathlib import Path

import pytest

from tests.drills.conftest import Model, Serve
from tests.drills.soak import soak
from tests.drills.switching import drill

pytestmark = pytest.mark.slow


async def test_nothing_is_lost_or_mixed_while_the_active_analyzer_is_switched(tmp_path: Path) -> None:
    still, moving = await drill(tmp_path, requests=200, rate=20, switches=4)
    print(f"\np99 {still.percentile(0.99):.0f} ms without a switch, {moving.percentile(0.99):.0f} ms with four")
    assert (moving.lost, moving.mixed) == ([], [])
    assert len(moving.took) == 200 and set(moving.by) == {"one", "two"}


async def test_a_pool_under_loads_evictions_and_cancels_loses_no_question() -> None:
    made = await soak(0.3, {})
    assert not made.counts["failed"]
    assert made.counts["answered"] and made.counts["cancelled"] and made.counts["switched"]


async def test_the_shell_changes_what_the_running_service_does(serve: Serve, model: Model) -> None:
    await model.plays()
    service = serve(ANALYZERS=json.dumps({"stub": model.row()}))
    refused = service.shell("models", "switch", "stub")
    assert refused.returncode == 1 and "has not passed the golden questions" in refused.stderr
    assert service.shell("models", "switch", "stub", "--reason", "the drill").stdout == "switched: stub\n"
    listed = json.loads(service.shell("models", "list", "--json").stdout)
    assert (listed["active"], {row["state"] for row in listed["models"]}) == ("stub", {"ready"})
    async with service.client() as client:
        answer = (await client.post("/api/v1/debug", json={"question": "What is E73-B?"})).json()
    assert answer["analyzer"].startswith("stub@") and answer["degraded"] == []
