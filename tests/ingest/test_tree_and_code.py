import pytest

from app.core.errors import InvalidDocument
from tests.ingest.papers import JSON, PY, ST, YAML, C
from tests.ingest.shelf import chunks, load


@pytest.mark.parametrize(("text", "path"), [(JSON, "a.json"), (YAML, "a.yaml")])
def test_an_object_that_names_a_code_is_about_it(text: str, path: str) -> None:
    found = next(chunk for chunk in chunks(text, path) if chunk.defines == ("E73-B",))
    assert "E73-B" in found.section
    assert found.section.startswith("faults > E73-B")
    assert "pressure" in found.indexed
    assert "Check" in found.indexed


def test_a_key_that_is_a_code_is_a_heading() -> None:
    assert chunks(YAML, "a.yml")[-1].defines == ("E12-C",)


def test_a_value_stands_where_it_is_said_to() -> None:
    loaded = load(JSON, "a.json")
    cause = next(block for block in loaded.blocks if block.label == "cause" and block.kind == "cell")
    assert JSON[cause.start : cause.end] == "Low \\u00e9 pressure"
    assert cause.words == "Low é pressure"
    assert loaded.document.title == "Faults"
    assert load(YAML, "a.yaml").document.revision == "D"


def test_yaml_counts_characters_and_repeats_no_alias() -> None:
    text = "é: ü\na: &x [Word, Word]\nb: *x\n"
    loaded = load(text, "a.yaml")
    assert [text[block.start : block.end] for block in loaded.blocks][:3] == ["é", "ü", "a"]
    assert "".join(chunk.indexed for chunk in chunks(text, "a.yaml")).count("Word") == 2


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ('{"a": 1,}', "a.json", 1),
        ('{"a":\n "b', "a.json", 2),
        ("a: [1\nb: 2\n", "a.yaml", 2),
        ("[" * 100 + "1" + "]" * 100, "a.json", 1),
        ("[" * 50_000, "a.json", None),
        ("- " * 100 + "1", "a.yaml", 1),
        ("{}", "a.json", None),
    ],
)
def test_what_is_broken_or_nested_beyond_reason_is_refused(text: str, path: str, line: int | None) -> None:
    with pytest.raises(InvalidDocument) as caught:
        load(text, path)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("text", "path", "revision", "names"),
    [
        (ST, "door.st", "E", [(), ("Mode",), ("FB_Brake",)]),
        (C, "door.c", "F", [(), ("reset",)]),
        (PY, "door.py", "G", [(), ("reset",), ("Door",), ("Door.open",)]),
        ("// x\nexport function open(a) {\n}\nconst shut = (a) => 1\n", "a.js", "", [(), ("open",), ("shut",)]),
        ("def broken(:\n  pass\n", "a.py", "", [("broken",)]),
    ],
)
def test_code_is_cut_by_definition(text: str, path: str, revision: str, names: list[tuple[str, ...]]) -> None:
    loaded = load(text, path)
    found = [block.headings for block in loaded.blocks if block.kind == "code"]
    assert [name for name in found if name] == [name for name in names if name]
    assert loaded.document.revision == revision


@pytest.mark.parametrize(("text", "path"), [(ST, "a.st"), (C, "a.c"), (PY, "a.py")])
def test_the_comment_above_a_definition_stays_with_it(text: str, path: str) -> None:
    found = next(chunk for chunk in chunks(text, path) if "E73-B" in chunk.codes)
    assert found.section in ("FB_Brake", "reset")
    assert found.text.lstrip().startswith(("//", "/*", "#"))


def test_a_comment_block_tells_the_title() -> None:
    assert load(ST, "a.st").document.title == "Door control"


def test_a_file_whose_values_all_stand_in_its_leading_comment_is_refused() -> None:
    with pytest.raises(InvalidDocument, match="holds no values"):
        load("# revision:\x85code: E73-B\n Door open\n", "a.yaml")
