"""The house's three rules: imports run downhill, a room is entered by its base, no file is longer than 250 lines."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GROUND = {"core", "telemetry", "faults", "receipts", "services"}  # any file of theirs may be imported
LONGEST = 250

MAY = {
    "core": set(),
    "telemetry": {"core"},
    "faults": {"core"},
    "receipts": {"core", "faults"},
    "retrieval": {"core", "telemetry", "faults"},
    "signals": {"core", "telemetry", "faults"},
    "analyzers": {"core", "telemetry", "faults", "receipts"},
    "prompts": {"core", "telemetry"},
    "records": {"core", "telemetry"},
    "gate": {"core", "telemetry"},
    "ingest": {"core", "telemetry", "faults", "retrieval", "records"},
    "graph": {"core", "telemetry", "faults", "receipts", "prompts", "retrieval", "analyzers", "signals", "records"},
    "evaluate": {"core", "receipts", "graph", "retrieval", "analyzers"},
    "client": {"core"},
    "mcp": {"core", "telemetry", "gate", "services"},
    "api": {"core", "telemetry", "gate", "services"},
    "cli": {"core", "telemetry", "gate", "services"},
}
MAY["services"] = set(MAY) - {"client", "mcp", "api", "cli"}
MAY["main"] = {"core", "telemetry", "services", "api", "mcp"}
MAY["serve"] = MAY["main"] | {"cli"}
WHOLE = {
    "services",
    "main",
    "serve",
}  # the hall builds every room; main and serve open the doors
TRAINING = {"services", "core", "faults", "receipts", "evaluate", "analyzers"}
TRAINED = (["scratch"], ["dspy"])  # the analyzers whose making is training's work


def python_files() -> list[Path]:
    found = [*(ROOT / "app").rglob("*.py"), *(ROOT / "training").rglob("*.py")]
    return sorted(file for file in found if "knowledge" not in file.relative_to(ROOT).parts)


def imports(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def breach(file: Path, name: str) -> str | None:
    top, *rest = name.split(".")
    room = file.relative_to(ROOT).with_suffix("").parts[1]
    if file.is_relative_to(ROOT / "training"):
        if top != "app" or not rest:
            return None
        if rest[0] not in TRAINING or (rest[0] == "analyzers" and rest[1:2] not in TRAINED):
            return f"training may not import {name}"
        return None
    if top == "training":
        return f"the app never imports {name}"
    if top != "app" or not rest or rest[0] == room or room == "__init__":
        return None
    if rest[0] not in MAY[room]:
        return f"{room} may not import {name}"
    if room not in WHOLE and rest[0] not in GROUND and rest[1:2] != ["base"]:
        return f"{room} enters {rest[0]} by {name}, not by its base"
    return None


@pytest.mark.parametrize("file", python_files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_run_downhill_and_enter_by_the_base(file: Path) -> None:
    assert [wrong for name in sorted(imports(file)) if (wrong := breach(file, name))] == []


@pytest.mark.parametrize("file", python_files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file_is_one_idea_and_says_which(file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) <= LONGEST
    assert not text.strip() or file.name == "__init__.py" or ast.get_docstring(ast.parse(text))


def test_a_breach_is_seen() -> None:
    assert breach(ROOT / "app/core/x.py", "app.records.base.Runs")
    assert breach(ROOT / "app/graph/x.py", "app.records.sqlite.Database")
    assert breach(ROOT / "app/api/x.py", "app.graph.base.Agent")
    assert breach(ROOT / "app/core/x.py", "training.fine_tune")
    assert breach(ROOT / "training/x.py", "app.api.routes.debug")
    assert not breach(ROOT / "app/graph/x.py", "app.records.base.Runs")


def test_settings_alone_read_the_environment() -> None:
    readers = [f for f in python_files() if {"os.environ", "os.getenv"} & imports(f) or "os.environ" in f.read_text()]
    assert [f.relative_to(ROOT) for f in readers if "settings" not in f.parts] == []
