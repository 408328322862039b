import pytest

from tests.ingest.shelf import chunks, load, parts


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-03-31T12:00:01.123Z",
        "[2026-03-31 12:00:01]",
        "31.03.2026 12:00:01",
        "<13>Mar 31 12:00:01",
        "12:00:01.5",
        "1774958401",
    ],
)
def test_a_time_opens_an_entry_and_lines_without_one_continue_it(stamp: str) -> None:
    text = f"{stamp} E73-B set\n  at valve 3\n{stamp} cleared\n"
    (chunk,) = chunks(text, "rec.log")
    assert parts(chunk) == [("log", f"{stamp} E73-B set\n  at valve 3"), ("log", f"{stamp} cleared")]
    assert (chunk.role, chunk.codes, chunk.defines) == ("log", ("E73-B",), ())
    assert chunk.section == stamp.strip("[]").removeprefix("<13>")


def test_fifteen_lines_stand_together() -> None:
    text = "".join(f"12:00:{n:02} up\n" for n in range(40))
    assert [len(chunk.parts) for chunk in chunks(text, "a.log")] == [15, 15, 10]


def test_long_entries_are_cut_by_what_the_encoder_reads() -> None:
    text = "".join(f"12:00:{n:02} {'word ' * 60}\n" for n in range(10))
    assert [len(chunk.parts) for chunk in chunks(text, "a.log")] == [3, 3, 3, 1]


def test_a_log_without_times_has_an_entry_a_line() -> None:
    (chunk,) = chunks("up\n\ndown\n", "a.log")
    assert parts(chunk) == [("log", "up"), ("log", "down")]


def test_a_text_file_of_timed_lines_is_a_log() -> None:
    assert load("12:00:01 up\n12:00:02 down\n", "a.txt").document.format == "log"


def test_other_text_is_paragraphs_and_items() -> None:
    text = "The valve\nis stuck.\n\nDo this:\n1. Measure it.\n2) Replace it.\n"
    loaded = load(text, "a.txt")
    assert loaded.document.format == "text"
    assert [(block.kind, text[block.start : block.end]) for block in loaded.blocks] == [
        ("text", "The valve\nis stuck."),
        ("text", "Do this:"),
        ("item", "1. Measure it."),
        ("item", "2) Replace it."),
    ]
    (chunk,) = chunks(text, "a.txt")
    assert ("test", "Measure it.") in parts(chunk)
    assert ("remedy", "Replace it.") in parts(chunk)
