"""What a row of the table needs to be tried out: a server of its own wire, and the options that lead there."""

from typing import Any

from app.core.settings.analyzers import AnalyzerSpec
from tests.gemini_stub import KEY, MODEL, GeminiStub
from tests.llm_stub import Stub
from tests.ollama_stub import OllamaStub

SERVERS: dict[str, type[Stub]] = {"chat": Stub, "gemini": GeminiStub, "ollama": OllamaStub, "openai": Stub}
OPTIONS: dict[str, dict[str, Any]] = {
    "chat": {"model": "tiny", "provider": "openai"},
    "gemini": {"model": MODEL, "api_key": KEY},
    "ollama": {"model": "tiny"},
    "openai": {"model": "tiny"},
}
NEEDS = {"chat": "langchain_openai", "gemini": "langchain_google_genai", "ollama": "ollama"}


def spec(kind: str, url: str = "", **changes: Any) -> AnalyzerSpec:
    asked = {"retries": 0, "timeout_s": 5.0, **({"base_url": url} if url else {})} if kind in SERVERS else {}
    return AnalyzerSpec.model_validate({"kind": kind, **OPTIONS.get(kind, {}), **asked, **changes})
