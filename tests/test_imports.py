"""What is heavy is imported at first use: asking for help, or for the app, loads none of it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"onnxruntime", "langgraph", "openai", "weaviate", "langfuse", "mcp", "torch", "tantivy", "tokenizers"}


def loaded_by(code: str) -> set[str]:
    """The top modules of a new process that has run this code."""
    tell = f"{code}\nimport sys\nprint('\\n'.join({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", tell], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stdout.split())


def test_importing_the_app_loads_nothing_heavy() -> None:
    loaded = loaded_by("import app.main")
    assert "fastapi" in loaded
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("words", [["--help"], ["ask", "--help"], ["keys", "--help"], ["serve", "--help"]])
def test_asking_for_help_does_not_even_load_what_guards_the_doors(words: list[str]) -> None:
    run = f"from app.cli.main import cli\ntry:\n    cli({words!r})\nexcept SystemExit:\n    pass"
    assert loaded_by(run) & (HEAVY | {"pydantic", "pydantic_settings", "fastapi", "numpy", "rich", "uvicorn"}) == set()
