"""Every span name and attribute name there is: OpenTelemetry's conventions, `rail_debug.*` where they end."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from app.core.brief import Identity

Attributes = Mapping[str, str | bool | int | float | tuple[str, ...]]
Kind = Literal["internal", "server", "client"]

SERVICE_NAME = "service.name"
SERVICE_VERSION = "service.version"
OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
AGENT_NAME = "gen_ai.agent.name"
WORKFLOW = "gen_ai.workflow.name"
DATA_SOURCE = "gen_ai.data_source.id"
REQUEST_MODEL = "gen_ai.request.model"
RESPONSE_MODEL = "gen_ai.response.model"
FINISH = "gen_ai.response.finish_reasons"
TOKENS_IN = "gen_ai.usage.input_tokens"
TOKENS_OUT = "gen_ai.usage.output_tokens"
PROMPT_NAME = "gen_ai.prompt.name"
MESSAGES_IN = "gen_ai.input.messages"
MESSAGES_OUT = "gen_ai.output.messages"
QUERY_TEXT = "gen_ai.retrieval.query.text"
SCORE_NAME = "gen_ai.evaluation.name"
SCORE_VALUE = "gen_ai.evaluation.score.value"
DB_SYSTEM = "db.system.name"
DB_OPERATION = "db.operation.name"
DB_NAMESPACE = "db.namespace"
DB_ROWS = "db.response.returned_rows"
METHOD = "http.request.method"
ROUTE = "http.route"
STATUS = "http.response.status_code"
ERROR_TYPE = "error.type"

# Names that others agreed on, and Langfuse's own.
TOKENS = "llm.request.total_tokens"
ALPHA = "db.weaviate.search.alpha"
FEEDBACK = "user.feedback.score"
LANGFUSE_PROMPT = "langfuse.observation.prompt.name"
LANGFUSE_VERSION = "langfuse.observation.prompt.version"

RUN_ID = "rail_debug.run.id"
RUN_OF = "rail_debug.run.answered"  # the run that a feedback is about
NODE = "rail_debug.node"
LANE = "rail_debug.stage"
ASKED = "rail_debug.retrieval.k"
FUSED_CODE = "rail.fusion.code"
FUSED_DENSE = "rail.fusion.dense"
FUSED_SPARSE = "rail.fusion.sparse"
PROMPT = "rail_debug.prompt"  # name@version/variant
PROMPT_VERSION = "rail_debug.prompt.version"
PROMPT_VARIANT = "rail_debug.prompt.variant"
VERDICT = "rail_debug.verdict"
ANALYZER = "rail_debug.analyzer"
CACHED = "rail_debug.cached"
COST = "rail_debug.cost"
CURRENCY = "rail_debug.cost.currency"
REMOTE = "rail_debug.analyzer.remote"
DOCUMENT = "rail_debug.document.path"
DEGRADED = "rail_debug.degraded"
CANCELLED = "rail_debug.cancelled"
BESIDE = "rail_debug.beside"  # shadow or benchmark

CONTENT = frozenset(
    {MESSAGES_IN, MESSAGES_OUT, QUERY_TEXT}
)  # only where content is switched on, and for exporters alone

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

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


def request(method: str) -> tuple[str, Attributes]:
    """The route is known when the request was led to it; until then its name is the method's."""
    known = method if method in METHODS else "_OTHER"  # a caller may type anything
    return known, {METHOD: known}


def messages(turns: Iterable[tuple[str, str]]) -> str:
    """As the conventions spell a conversation."""
    told = [{"role": role, "parts": [{"type": "text", "content": text}]} for role, text in turns]
    return json.dumps(told, ensure_ascii=False)


def feedback(run_id: str, name: str, score: float) -> tuple[str, Attributes]:
    return "feedback", {RUN_OF: run_id, FEEDBACK: score, SCORE_NAME: name, SCORE_VALUE: score}


# The names below take few values: their attributes are made once and shared by every span.


@lru_cache(maxsize=64)
def node(name: str) -> tuple[str, Attributes]:
    return f"node {name}", MappingProxyType({NODE: name})


@lru_cache(maxsize=64)
def retrieval(store: str, k: int) -> tuple[str, Attributes]:
    shared: Attributes = {OPERATION: "retrieval", PROVIDER: HOUSE, DB_SYSTEM: store, ASKED: k}
    return f"retrieval {store}", MappingProxyType(shared)


@lru_cache(maxsize=256)
def lane(name: str, store: str, kb: str, alpha: float | None) -> tuple[str, Attributes]:
    """Without a store it is no call of one. `alpha`: the dense part's weight in a hybrid call of Weaviate's only."""
    of_store: Attributes = {DB_SYSTEM: store, DB_OPERATION: name, DB_NAMESPACE: kb} if store else {}
    shared: Attributes = {LANE: name, **of_store}
    hybrid: Attributes = {} if alpha is None else {ALPHA: alpha}
    return f"{name} {store}".rstrip(), MappingProxyType({**shared, **hybrid})


@lru_cache(maxsize=1)
def prompt() -> tuple[str, Attributes]:
    return "prompt", MappingProxyType({LANE: "prompt"})


@lru_cache(maxsize=256)
def prompted(label: str) -> Attributes:
    """Of `name@version/variant`; Langfuse ties a span to its prompt by name and number."""
    name, _, rest = label.partition("@")
    version, _, variant = rest.partition("/")
    shared: dict[str, str | int] = {PROMPT: label, PROMPT_NAME: name, PROMPT_VERSION: version, PROMPT_VARIANT: variant}
    if version.isdecimal():
        shared |= {LANGFUSE_PROMPT: name, LANGFUSE_VERSION: int(version)}
    return MappingProxyType(shared)


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


@lru_cache(maxsize=64)
def beside(kind: str, name: str) -> tuple[str, Attributes]:
    return f"{kind} {name}", MappingProxyType({BESIDE: kind, ANALYZER: name})


def ingest(kb: str, path: str) -> tuple[str, Attributes]:
    return "invoke_workflow ingest", {
        OPERATION: "invoke_workflow",
        PROVIDER: HOUSE,
        WORKFLOW: "ingest",
        DATA_SOURCE: kb,
        DOCUMENT: path,
    }
