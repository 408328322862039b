"""The operator's own grammars are read beside the shipped ones, and a wrong one is named with its place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.errors import InvalidSettings
from app.faults.codes import find
from app.faults.own import mark, taught, teach

TABLE = """# ours

[lift-codes]
vendor = "Lift maker"
pattern = '(?P<kind>LFT)<dash>?(?P<number>\\d{2})'
canonical = "{kind}.{number}"
groups = { kind = "upper", number = "digits" }
examples = { "lft-07" = "LFT.07" }
counter = ["LFT-7"]
"""


@pytest.fixture(autouse=True)
def shipped_again() -> Iterator[None]:
    yield
    teach(None)


def written(folder: Path, text: str) -> Path:
    file = folder / "grammars.toml"
    file.write_text(text)
    return file


def test_own_codes_are_read_beside_the_shipped_ones_until_the_file_is_gone(tmp_path: Path) -> None:
    text = "lft_07 after E73-B"
    assert [mention.code for mention in find(text)] == ["E73-B"]
    file = written(tmp_path, TABLE)
    teach(file)
    assert [mention.code for mention in find(text)] == ["LFT.07", "E73-B"]
    assert taught() == file
    assert mark()
    file.unlink()
    teach(file)
    assert [mention.code for mention in find(text)] == ["E73-B"]
    assert (taught(), mark()) == (None, b"")


def test_another_text_of_the_file_has_another_mark(tmp_path: Path) -> None:
    teach(written(tmp_path, TABLE))
    first = mark()
    teach(written(tmp_path, TABLE.replace("Lift maker", "Another maker")))
    assert mark() != first


@pytest.mark.parametrize(
    ("change", "to", "said"),
    [
        (
            '"LFT.07" }',
            '"LFT.08" }',
            r"line 8: \[lift-codes\] examples: 'lft-07' is read as LFT.07 \(lift-codes\) and not",
        ),
        ('["LFT-7"]', '["LFT-77"]', r"line 8: \[lift-codes\] examples: a code is read in 'LFT-77'"),
        ("lift-codes", "bus-address", r"line 8: \[bus-address\] examples: a shipped grammar has this name"),
        ("(?P<number>", "(?P<n>", r"line 7: \[lift-codes\] groups: the pattern has no group 'number'"),
        ("vendor = ", "maker = ", r"line 3: \[lift-codes\] vendor: is missing"),
        ("[lift-codes]", "[lift-codes", r"grammars\.toml: .*line 3"),
    ],
)
def test_a_wrong_table_is_refused_with_file_and_line(tmp_path: Path, change: str, to: str, said: str) -> None:
    with pytest.raises(InvalidSettings, match=said) as caught:
        teach(written(tmp_path, TABLE.replace(change, to)))
    assert "grammars.toml" in caught.value.message
    assert [mention.code for mention in find("lft-07 E73-B")] == ["E73-B"]
