"""Where a setting stands: the variable, or the file and the line, so that a wrong one is found at once."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

PREFIX = "RAIL_DEBUG_"
ENV_FILE = ".env"
YAML_FILE = "rail-debug.yaml"
ALIASES = {"analyzer": "LLM_MODEL_VERSION"}


def place(path: Sequence[str | int]) -> str:
    """`analyzers`, `big`, `budget_s` -> ` (rail-debug.yaml, line 7)`; empty where nothing sets it."""
    names = list(_variables([str(part) for part in path]))
    set_here = {name.upper() for name in os.environ}
    for name in names:
        if name in set_here:
            return f" (environment variable {name})"
    for name in names:
        if line := _line_of_variable(name):
            return f" ({ENV_FILE}, line {line})"
    line = _line_of_key(path)
    return f" ({YAML_FILE}, line {line})" if line else ""


def _variables(path: list[str]) -> Iterator[str]:
    for end in range(len(path), 0, -1):
        yield PREFIX + "__".join(path[:end]).upper()
    if path and path[0] in ALIASES:
        yield ALIASES[path[0]]


def _line_of_variable(name: str) -> int | None:
    try:
        lines = Path(ENV_FILE).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    found = [n for n, line in enumerate(lines, start=1) if _assigned(line) == name]
    return found[-1] if found else None  # the last one counts


def _assigned(line: str) -> str:
    return line.strip().removeprefix("export ").partition("=")[0].strip().upper()


def _line_of_key(path: Sequence[str | int]) -> int | None:
    """Of the deepest part of the path that stands in the file: a field that is missing has no line of its own."""
    import yaml

    try:
        node: Any = yaml.compose(Path(YAML_FILE).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    line: int | None = None
    for part in path:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            key = node = node.value[part]
        elif isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == str(part)), None)
            if pair is None:
                break
            key, node = pair
        else:
            break
        line = key.start_mark.line + 1
    return line
