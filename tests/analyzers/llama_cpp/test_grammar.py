"""The grammar is as strict as the schema: the binding's own converter is not."""

import pytest

pytest.importorskip("llama_cpp")

from app.analyzers.llama_cpp.grammar import LOOSE, STRICT, gbnf, tightened
from app.receipts.draft import SCHEMA


def test_no_control_sign_stands_raw_in_a_string() -> None:
    made = gbnf(SCHEMA)
    assert STRICT in made and LOOSE not in made


def test_a_list_of_values_holds_where_a_list_of_types_stands_beside_it() -> None:
    (action,) = [line for line in gbnf(SCHEMA).splitlines() if line.startswith("statements-item-action ::=")]
    assert '"\\"observe\\""' in action and '"null"' in action and "string" not in action


def test_the_rest_of_a_schema_stays() -> None:
    schema = {"type": "object", "properties": {"enum": {"type": ["string", "null"]}}, "required": ["enum"]}
    assert tightened(schema) == schema
