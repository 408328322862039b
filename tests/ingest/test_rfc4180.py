import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidDocument
from app.ingest.loaders.rfc4180 import rows, sniff

CELLS = st.text(alphabet='ab "\n\r;,\té', max_size=8)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=5)
RAW = st.text(alphabet='ab "\n\r,', max_size=30)


def ours(text: str, delimiter: str) -> list[list[str]]:
    return [[cell.value for cell in row.cells] for row in rows("t.csv", text, 0, delimiter)]


def pythons(text: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    return [row for row in reader if row and row != [""]]


def blank(table: list[list[str]]) -> list[list[str]]:
    return [row for row in table if row != [""]]


@given(TABLES, st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]))
def test_a_written_table_is_read_as_the_csv_module_reads_it(table: list[list[str]], delimiter: str, end: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(table)
    assert blank(ours(out.getvalue(), delimiter)) == pythons(out.getvalue(), delimiter)


@given(RAW)
def test_any_text_is_read_as_the_csv_module_reads_it_or_refused_for_an_open_quote(text: str) -> None:
    try:
        read = blank(ours(text, ","))
    except InvalidDocument:
        with pytest.raises(csv.Error):
            list(csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True))
    else:
        assert read == pythons(text, ",")


@given(RAW)
def test_a_cells_place_holds_its_content(text: str) -> None:
    try:
        found = list(rows("t.csv", text, 0, ","))
    except InvalidDocument:
        return
    last = 0
    for row in found:
        assert row.start <= row.end
        for cell in row.cells:
            assert last <= cell.start <= cell.end
            last = cell.end
            if '"' not in text[cell.start : cell.end]:
                assert text[cell.start : cell.end] == cell.value


def test_a_quote_that_is_never_closed_is_refused_with_its_line() -> None:
    with pytest.raises(InvalidDocument, match=r"line 3: a quote is opened") as caught:
        ours('a,b\nc,d\ne,"f""\ng,h\n', ",")
    assert caught.value.line == 3


@pytest.mark.parametrize(
    ("text", "suffix", "delimiter"),
    [
        ("a,b\n1,2\n", ".csv", ","),
        ("a;b\n1,5;2,5\n2,5;3\n", ".csv", ";"),
        ("a\tb, c\n1\t2\n", ".csv", "\t"),
        ("a,b\tc\n", ".tsv", "\t"),
        ("one\ntwo\n", ".csv", ","),
        ("a;b\n" + "1,2,3;4\n" * 4000, ".csv", ";"),
    ],
)
def test_the_delimiter_is_told_from_the_rows(text: str, suffix: str, delimiter: str) -> None:
    assert sniff(text, 0, suffix) == delimiter
