"""A grammar is a table in a file; a table that is wrong is named with its field."""

from pathlib import Path

import pytest

from app.core.errors import InvalidSettings
from app.faults.grammars import read
from app.faults.scan import build

GOOD = {
    "vendor": '"any"',
    "pattern": "'(?P<a>X)<gap>(?P<n>[0-9]{2})'",
    "canonical": '"{a}.{n}"',
    "groups": '{ a = "upper", n = "number" }',
    "examples": '{ "x-07" = "X.7" }',
    "counter": '["x-7"]',
}


def table(folder: Path, **changes: str) -> Path:
    fields = {**GOOD, **changes}
    file = folder / "grammars.toml"
    file.write_text("[my-codes]\n" + "\n".join(f"{key} = {value}" for key, value in fields.items() if value))
    return file


def test_a_new_table_alone_teaches_a_new_grammar(tmp_path: Path) -> None:
    grammars = read(table(tmp_path))
    scan = build(grammars)
    match = scan.regex.search("fault x–07, then quiet")
    assert match
    assert match.lastgroup
    assert scan.grammars[match.lastgroup].spell(match.group(*scan.groups[match.lastgroup])) == "X.7"
    assert not scan.regex.search("x-7 and ax-07 and x-071")


def test_values_that_a_group_must_not_have_are_passed_over(tmp_path: Path) -> None:
    pattern = "'(?P<a>[A-Z]+)-(?P<n>[0-9]{2})'"
    scan = build(read(table(tmp_path, pattern=pattern, never='{ a = ["EN", "ISO"] }')))
    assert [match[0] for match in scan.regex.finditer("EN-50 iso-90 ENA-50 BC-12")] == ["ENA-50", "BC-12"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vendor", ""),
        ("vendor", "3"),
        ("pattern", "'(?P<a>X'"),
        ("canonical", '"{b}"'),
        ("canonical", '"{a"'),
        ("groups", '{ b = "upper" }'),
        ("groups", '{ a = "loud", n = "number" }'),
        ("examples", "{}"),
        ("counter", '"none"'),
        ("never", '{ z = ["EN"] }'),
        ("colour", '"red"'),
    ],
)
def test_a_wrong_field_is_named_with_its_table(tmp_path: Path, field: str, value: str) -> None:
    with pytest.raises(InvalidSettings, match=rf"grammars\.toml, line \d: \[my-codes\] {field}: ") as caught:
        read(table(tmp_path, **{field: value}))
    assert "my-codes" in caught.value.hint


def test_a_file_that_is_no_toml_and_a_table_with_a_bad_name_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "grammars.toml"
    file.write_text("[open")
    with pytest.raises(InvalidSettings, match=r"grammars\.toml"):
        read(file)
    file.write_text("[MyCodes]\nvendor = 'any'\n")
    with pytest.raises(InvalidSettings, match=r"\[MyCodes\] table"):
        read(file)
