import pytest

from app.core.errors import InvalidDocument
from app.ingest.loaders.text import decode, line_starts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_unicode_file_is_read_as_it_stands_without_its_mark(encoding: str) -> None:
    assert decode("a.md", "Bremsschläuche ≤ 5 bar\r\n".encode(encoding)) == "Bremsschläuche ≤ 5 bar\r\n"


def test_western_european_bytes_are_read_when_they_make_sense() -> None:
    assert decode("a.csv", "Störung;Prüfung bei 40 °C – sofort".encode("cp1252")).startswith(
        "Störung;Prüfung bei 40 °C"
    )


def test_bytes_that_make_no_sense_are_refused_with_their_line() -> None:
    with pytest.raises(InvalidDocument, match=r"a\.md, line 2: neither UTF-8") as caught:
        decode("a.md", b"fine\n" + bytes(range(0x80, 0x100)))
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"%PDF-1.7\n1 0 obj", "a PDF"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"# A\n\x00\x00 text", "binary"),
        (b"\x01\x02\x03\x04 four", "binary"),
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        (b"\xff\xfea\x00b", "promises utf-16"),
    ],
)
def test_what_is_no_text_is_refused_with_a_reason(content: bytes, why: str) -> None:
    with pytest.raises(InvalidDocument, match=why):
        decode("a.md", content)


def test_the_escapes_of_a_coloured_log_are_text() -> None:
    assert decode("a.log", b"\x1b[31mE73-B\x1b[0m") == "\x1b[31mE73-B\x1b[0m"


@pytest.mark.parametrize("text", ["a\nb\n\nc", "a\r\nb\rc\n", "", "\n", "a\u2028b\nc"])
def test_lines_begin_after_each_line_end_and_nowhere_else(text: str) -> None:
    ends = [at + 1 for at in range(len(text)) if text[at] == "\n" or (text[at] == "\r" and text[at + 1 :][:1] != "\n")]
    assert list(line_starts(text)) == [0, *ends]
