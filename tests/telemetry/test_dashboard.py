"""The dashboard and the alerts ask for names and labels that a running service tells."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from app.core.settings import Settings
from app.core.settings.telemetry import Collector, TelemetrySettings
from app.telemetry import spans
from app.telemetry.metrics import COUNTERS, GAUGES, HISTOGRAMS
from tests.llm_stub import Behaviour
from tests.telemetry.house import house

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

GRAFANA = Path(__file__).parents[2] / "infra" / "grafana"
NAME = re.compile(r"\brail_debug_\w+")
SELECTED = re.compile(r"(rail_debug_\w+)\{([^}]*)\}")
GROUPED = re.compile(r"by \(([^)]*)\)")
Told = Mapping[str, set[str]]  # name of a series -> its labels


@pytest.fixture
async def told(settings: Settings) -> AsyncIterator[Told]:
    """After a question of every kind."""
    telemetry = TelemetrySettings(otlp={"dead": Collector(endpoint="http://127.0.0.1:9")})
    async with house(settings, telemetry) as at:
        diagnosis = await at.ask(analyzer="stub")
        at.model.behaviour = Behaviour(kind="status", status=503)
        await at.ask("E73-B: which connector?", analyzer="stub")
        await at.ask("What does E99-Z mean?")
        with spans.feedback(diagnosis["trace_id"], 1.0, diagnosis["run_id"]):
            pass
        text = (await at.client.get("/metrics")).text
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    yield found


def expressions() -> Iterator[tuple[str, str]]:
    dashboard = json.loads((GRAFANA / "rail-debug.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"], target["legendFormat"]
    for group in yaml.safe_load((GRAFANA / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["expr"], rule["annotations"]["summary"].replace("$labels.", "")


def wrong(expression: str, legend: str, told: Told) -> Sequence[str]:
    names = NAME.findall(expression)
    missing = [name for name in names if name not in told]
    if missing:
        return missing
    labels = set().union(*(told[name] for name in names))
    used = {label.strip() for group in GROUPED.findall(expression) for label in group.split(",")}
    used |= {label.strip() for label in re.findall(r"\{\{\s*(\w+)\s*\}\}", legend)}
    chosen = [(name, re.findall(r"(\w+)\s*[=!]", inside)) for name, inside in SELECTED.findall(expression)]
    return [*(used - labels), *(f"{name}.{label}" for name, of in chosen for label in of if label not in told[name])]


async def test_every_name_and_label_that_is_asked_for_is_told(told: Told) -> None:
    asked = list(expressions())
    assert len(asked) > 25
    assert {expression: found for expression, legend in asked if (found := wrong(expression, legend, told))} == {}


async def test_every_metric_is_told_and_shown(told: Told) -> None:
    every = [name.replace(".", "_") for name in (*COUNTERS, *HISTOGRAMS, *GAUGES)]
    shown = " ".join(expression for expression, _ in expressions())
    assert [name for name in every if not any(series.startswith(name) for series in told)] == []
    assert [name for name in every if name not in shown] == []


def test_a_wrong_name_and_a_wrong_label_are_seen() -> None:
    told = {"rail_debug_runs_total": {"verdict"}}
    assert wrong("rate(rail_debug_run_total[5m])", "", told) == ["rail_debug_run_total"]
    assert wrong("sum by (verdikt) (rail_debug_runs_total)", "", told) == ["verdikt"]
    assert wrong('rail_debug_runs_total{status="x"}', "", told) == ["rail_debug_runs_total.status"]
    assert wrong("rail_debug_runs_total", "{{analyzer}}", told) == ["analyzer"]
    assert wrong('rail_debug_runs_total{verdict="x"}', "{{verdict}}", told) == []


async def test_metrics_that_are_switched_off_are_not_there(settings: Settings) -> None:
    async with house(settings, TelemetrySettings(metrics=False)) as at:
        assert (await at.client.get("/metrics")).status_code == 404


async def test_figures_add_up_with_tracing_off_too(settings: Settings) -> None:
    async with house(settings, TelemetrySettings(tracing=False)) as at:
        assert (await at.ask(analyzer="stub"))["trace_id"] == ""
        text = (await at.client.get("/metrics")).text
    samples = {(s.name, *s.labels.values()): s.value for f in text_string_to_metric_families(text) for s in f.samples}
    assert samples["rail_debug_requests_total", "POST", "/api/v1/debug", "200"] == 1
    assert samples["rail_debug_tokens_total", "stub", "in"] == 700
    assert samples["rail_debug_tokens_total", "stub", "out"] == 110
    assert samples["rail_debug_cost_total", "stub", "EUR"] == pytest.approx(0.515)
    assert "E73" not in text
