"""What a collector sees of a question to the whole service."""

import pytest

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

from app.core.settings import Settings
from app.core.settings.telemetry import Collector, TelemetrySettings
from tests.llm_stub import Behaviour
from tests.otlp_server import attributes, http_receiver
from tests.telemetry.house import ASKED, house

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TREE = {
    "POST /api/v1/debug": None,
    "invoke_agent rail-debug": "POST /api/v1/debug",
    "node understand": "invoke_agent rail-debug",
    "node retrieve": "invoke_agent rail-debug",
    "retrieval embedded": "node retrieve",
    "dense embedded": "retrieval embedded",
    "sparse embedded": "retrieval embedded",
    "code embedded": "retrieval embedded",
    "node analyze": "invoke_agent rail-debug",
    "chat stub@tiny": "node analyze",
    "prompt": "chat stub@tiny",
    "node verify": "invoke_agent rail-debug",
    "node record": "invoke_agent rail-debug",
}


async def test_a_question_is_one_tree_from_the_caller_to_the_model(settings: Settings) -> None:
    with http_receiver() as received:
        telemetry = TelemetrySettings(otlp={"jaeger": Collector(endpoint=received.endpoint)})
        async with house(settings, telemetry) as at:
            diagnosis = await at.ask(analyzer="stub", headers={"traceparent": CALLER})
            told = at.model.headers[-1]
    spans = {span.span_id: span for span in received.spans if span.trace_id.hex() == CALLER[3:35]}
    assert diagnosis["trace_id"] == CALLER[3:35]
    parents = {s.name: spans[s.parent_span_id].name if s.parent_span_id in spans else None for s in spans.values()}
    assert parents == TREE
    assert len(spans) == len(TREE)

    chat = attributes(received.named("chat stub@tiny"))
    assert chat["gen_ai.operation.name"] == "chat"
    assert chat["gen_ai.usage.input_tokens"] == 700
    assert chat["llm.request.total_tokens"] == 810
    assert chat["gen_ai.response.finish_reasons"] == ("stop",)
    assert chat["rail_debug.cost"] == pytest.approx(0.515)
    assert chat["gen_ai.prompt.name"] == "analyze"
    assert chat["rail_debug.prompt"] == diagnosis["prompt"]
    agent = attributes(received.named("invoke_agent rail-debug"))
    assert agent["rail_debug.verdict"] == diagnosis["verdict"]
    assert agent["rail_debug.run.id"] == diagnosis["run_id"]
    retrieval = attributes(received.named("retrieval embedded"))
    assert retrieval["rail.fusion.dense"] > 0
    assert "db.weaviate.search.alpha" not in retrieval
    assert attributes(received.named("sparse embedded"))["db.operation.name"] == "sparse"

    place = received.named("chat stub@tiny")
    assert told["traceparent"] == f"00-{place.trace_id.hex()}-{place.span_id.hex()}-01"
    assert ASKED not in received.raw.decode("utf-8", "replace")


async def test_content_leaves_only_when_it_is_switched_on(settings: Settings) -> None:
    with http_receiver() as received:
        telemetry = TelemetrySettings(otlp={"langfuse": Collector(endpoint=received.endpoint)}, content=True)
        async with house(settings, telemetry) as at:
            diagnosis = await at.ask(analyzer="stub")
            page = (await at.client.get(f"/api/v1/traces/{diagnosis['trace_id']}")).text
    prompt, chat = attributes(received.named("prompt")), attributes(received.named("chat stub@tiny"))
    assert ASKED in prompt["gen_ai.input.messages"]
    assert "statements" in chat["gen_ai.output.messages"]
    assert ASKED in attributes(received.named("retrieval embedded"))["gen_ai.retrieval.query.text"]
    assert ASKED not in page  # it may hold steps that wait for a person


async def test_a_model_that_fails_is_one_error_and_the_reason_stands_at_the_run(settings: Settings) -> None:
    with http_receiver() as received:
        telemetry = TelemetrySettings(otlp={"jaeger": Collector(endpoint=received.endpoint)})
        async with house(settings, telemetry) as at:
            at.model.behaviour = Behaviour(kind="status", status=503)
            await at.ask(analyzer="stub")
    assert [span.name for span in received.spans if span.status.code == 2] == ["chat stub@tiny"]
    agent = attributes(received.named("invoke_agent rail-debug"))
    assert any(reason.startswith("analyzer_fallback") for reason in agent["rail_debug.degraded"])
