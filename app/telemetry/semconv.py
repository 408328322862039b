"""Every span name and attribute name there is: OpenTelemetry's GenAI conventions, and `rail_debug.*` where they end."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from app.core.brief import Identity

Attributes = Mapping[str, str | bool | int | float | tuple[str, ...]]

SERVICE_NAME = "service.name"
SERVICE_VERSION = "service.version"
OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
AGENT_NAME = "gen_ai.agent.name"
WORKFLOW = "gen_ai.workflow.name"
DATA_SOURCE = "gen_ai.data_source.id"
REQUEST_MODEL = "gen_ai.request.model"
RESPONSE_MODEL = "gen_ai.response.model"
TOKENS_IN = "gen_ai.usage.input_tokens"
TOKENS_OUT = "gen_ai.usage.output_tokens"
DB_SYSTEM = "db.system.name"
DB_ROWS = "db.response.returned_rows"
ERROR_TYPE = "error.type"
RUN_ID = "rail_debug.run.id"
NODE = "rail_debug.node"
ASKED = "rail_debug.retrieval.k"
REMOTE = "rail_debug.analyzer.remote"
DOCUMENT = "rail_debug.document.path"
DEGRADED = "rail_debug.degraded"
CANCELLED = "rail_debug.cancelled"

HOUSE = "rail-debug"

# How LangGraph pauses a run for a person's decision: raised, but nothing went wrong.
PAUSES = frozenset({"GraphInterrupt"})


def agent(run_id: str, kb: str) -> tuple[str, Attributes]:
    return f"invoke_agent {HOUSE}", {
        OPERATION: "invoke_agent",
        PROVIDER: HOUSE,
        AGENT_NAME: HOUSE,
        DATA_SOURCE: kb,
        RUN_ID: run_id,
    }


# The names below take few values: their attributes are made once and shared by every span.


@lru_cache(maxsize=64)
def node(name: str) -> tuple[str, Attributes]:
    return f"node {name}", MappingProxyType({NODE: name})


@lru_cache(maxsize=64)
def retrieval(store: str, k: int) -> tuple[str, Attributes]:
    shared: Attributes = {OPERATION: "retrieval", PROVIDER: HOUSE, DB_SYSTEM: store, ASKED: k}
    return f"retrieval {store}", MappingProxyType(shared)


@lru_cache(maxsize=64)
def inference(identity: Identity) -> tuple[str, Attributes]:
    model = f"{identity.name}@{identity.version}"
    shared: Attributes = {
        OPERATION: "chat",
        PROVIDER: identity.name,
        REQUEST_MODEL: model,
        RESPONSE_MODEL: identity.label,
        REMOTE: identity.remote,
    }
    return f"chat {model}", MappingProxyType(shared)


def ingest(kb: str, path: str) -> tuple[str, Attributes]:
    return "invoke_workflow ingest", {
        OPERATION: "invoke_workflow",
        PROVIDER: HOUSE,
        WORKFLOW: "ingest",
        DATA_SOURCE: kb,
        DOCUMENT: path,
    }
