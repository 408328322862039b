from tests.ingest.shelf import chunks, load, parts

TABLE = """# title: Fault table
Code;Meaning;Probable cause;Check;Limit
E73-B;"Brake ""pipe"" low; slow";Hose leaks;"1. Measure A
2. Compare with B";3.5 bar
E73-A;Brake pipe high;;;
"""


def test_a_row_is_a_chunk_about_its_code() -> None:
    first, second = chunks(TABLE, "faults.csv")
    assert (first.defines, first.section, first.role, first.line) == (("E73-B",), "E73-B", "definition", 2)
    assert (second.defines, second.text, second.line) == (("E73-A",), "E73-A;Brake pipe high;;;", 5)


def test_a_cell_has_the_role_of_its_column_and_a_part_for_each_step() -> None:
    first, _ = chunks(TABLE, "faults.csv")
    assert parts(first) == [
        ("definition", 'Brake ""pipe"" low; slow'),
        ("cause", "Hose leaks"),
        ("test", "Measure A"),
        ("test", "Compare with B"),
        ("limit", "3.5 bar"),
    ]


def test_search_reads_the_header_with_each_cell() -> None:
    first, _ = chunks(TABLE, "faults.csv")
    assert first.indexed == (
        'Fault table\nE73-B\nCode: E73-B; Meaning: Brake "pipe" low; slow; Probable cause: Hose leaks; '
        "Check: 1. Measure A 2. Compare with B; Limit: 3.5 bar"
    )


def test_a_table_without_a_header_has_none() -> None:
    loaded = load('Good,0x00000000,"It succeeded."\nBad,0x80000000,"It failed."\n', "status.csv")
    assert {block.label for block in loaded.blocks} == {""}


def test_a_first_column_of_nothing_but_codes_is_the_code_column() -> None:
    first, second = chunks("E73-B,Pressure low\nE73-A,Pressure high\n", "t.csv")
    assert (first.defines, second.defines) == (("E73-B",), ("E73-A",))


def test_a_header_that_begins_with_a_hash_is_no_remark() -> None:
    loaded = load("#,Label\n1,GPIO\n", "pins.csv")
    assert [block.label for block in loaded.blocks if block.kind == "cell"] == ["#", "Label"]


def test_remarks_above_the_table_are_text() -> None:
    loaded = load("# Applies to all cars\nCode,Meaning\nE73-B,Low\n", "t.csv")
    assert [block.kind for block in loaded.blocks] == ["text", "furniture", "cell", "cell"]


def test_rows_that_define_nothing_share_a_chunk_and_stay_whole() -> None:
    text = "Signal,Unit\n" + "".join(f"pressure of vessel {n},bar\n" for n in range(60))
    found = chunks(text, "signals.csv")
    assert 1 < len(found) < 20
    assert all(chunk.text.endswith("bar") for chunk in found)
    assert all(part.role == "narrative" and "," in chunk.text for chunk in found for part in chunk.parts)


def test_a_row_of_limits_is_quoted_whole() -> None:
    (chunk,) = chunks("Quantity,Value\nMain reservoir,8.5 bar\n", "limits.csv")
    assert parts(chunk) == [("limit", "Main reservoir,8.5 bar")]


def test_a_row_too_long_for_one_chunk_keeps_its_code_in_each() -> None:
    text = f"Code,Meaning,Check\nE73-B,{'low pressure ' * 90},{'measure it ' * 150}\n"
    found = chunks(text, "t.csv")
    assert len(found) > 2
    assert {chunk.defines for chunk in found} == {("E73-B",)}
    assert {chunk.role for chunk in found} >= {"definition", "test"}


def test_a_tab_separated_table_is_read() -> None:
    (chunk,) = chunks("Code\tMeaning\nE73-B\tLow, very low\n", "t.tsv")
    assert parts(chunk) == [("definition", "Low, very low")]
