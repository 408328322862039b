"""The kinds of analyzer there are. A backend is a row here and a file in `backends/`; the contract test runs on it."""

from collections.abc import Mapping
from typing import Protocol

from app.analyzers.backends.chat import ChatAnalyzer
from app.analyzers.backends.dspy import DSPyAnalyzer
from app.analyzers.backends.evidence import EvidenceAnalyzer
from app.analyzers.backends.gemini import GeminiAnalyzer
from app.analyzers.backends.llama_cpp import LlamaCppAnalyzer
from app.analyzers.backends.ollama import OllamaAnalyzer
from app.analyzers.backends.openai import OpenAIAnalyzer
from app.analyzers.backends.scratch import ScratchAnalyzer
from app.analyzers.backends.transformers import TransformersAnalyzer
from app.analyzers.base import Analyzer
from app.core.settings.analyzers import AnalyzerSpec


class Backend(Protocol):
    def __call__(self, name: str, spec: AnalyzerSpec) -> Analyzer:
        """Cheap: nothing heavy is imported before `load`. Raises `InvalidSettings` for options it does not know."""
        ...


BACKENDS: Mapping[str, Backend] = {
    "chat": ChatAnalyzer,
    "dspy": DSPyAnalyzer,
    "evidence": EvidenceAnalyzer,
    "gemini": GeminiAnalyzer,
    "llama-cpp": LlamaCppAnalyzer,
    "ollama": OllamaAnalyzer,
    "openai": OpenAIAnalyzer,
    "scratch": ScratchAnalyzer,
    "transformers": TransformersAnalyzer,
}
