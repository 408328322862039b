"""A JSON schema as llama.cpp's grammar, stricter than its own converter makes it.

That one lets raw line breaks into strings, and forgets an `enum` that has a list of types beside it.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

LOOSE = r'char ::= [^"\\] |'
STRICT = r'char ::= [^"\\\x00-\x1F\x7F] |'


def gbnf(schema: Mapping[str, object]) -> str:
    return _gbnf(json.dumps(tightened(schema)))


def tightened(schema: Any) -> Any:
    """Values that are listed need no type."""
    if isinstance(schema, Mapping):
        listed = "enum" in schema and isinstance(schema.get("type"), list)
        return {key: tightened(value) for key, value in schema.items() if not (listed and key == "type")}
    return [tightened(item) for item in schema] if isinstance(schema, list) else schema


@lru_cache(maxsize=8)
def _gbnf(schema: str) -> str:
    """Raises `ValueError` for a schema that the converter does not know."""
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    return str(json_schema_to_gbnf(schema)).replace(LOOSE, STRICT)


def grammar(schema: Mapping[str, object]) -> Any:
    from llama_cpp import LlamaGrammar

    return LlamaGrammar.from_string(gbnf(schema), verbose=False)
