"""Whatever stands in a file, it is read with its invariants kept, or refused as files are refused."""

import io
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ingest.invariants import check
from tests.ingest.papers import HTML, JSON, PY, RST, ST, YAML, C, docx, pdf, rezipped

MARKDOWN = (
    "---\nrevision: B\n---\n# Brake\n\n- a\n- b\n\n| Code | Cause |\n|---|---|\n| E73-B | Leak |\n\n```log\nx\n```\n"
)
CSV = '# revision: B\nCode;Cause\nE73-B;"Leak; large"\n'
LOG = "2026-03-31 12:00:01 E73-B low\n  more\n2026-03-31 12:00:02 up\n"
TEXTS = {
    ".md": MARKDOWN,
    ".csv": CSV,
    ".log": LOG,
    ".txt": LOG,
    ".html": HTML,
    ".rst": RST,
    ".json": JSON,
    ".yaml": YAML,
    ".st": ST,
    ".c": C,
    ".py": PY,
    ".js": "function a() {}\n",
}
BINARIES = {".pdf": pdf([["# Brake", "Text."], [[["Code", "Cause"], ["E73-B", "Leak"]]]]), ".docx": docx()}
SIGNS = "<>&;:|=-*#`'\"\\/.[]{}()!?,\n\r\t\f\x0b\x85\u2028 \ufeffäßé0aZ"
WORD = BINARIES[".docx"]
DOCUMENT = zipfile.ZipFile(io.BytesIO(WORD)).read("word/document.xml")
PIECES = [
    b"<w:p>",
    b"</w:p>",
    b"<w:tbl/>",
    b"<w:tr><w:tc/></w:tr>",
    b"<w:tc><w:tcPr><w:gridSpan w:val='99999'/></w:tcPr></w:tc>",
]
KEPT = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def spliced(valid: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for at, drop, new in edits:
        start = at % (len(valid) + 1)
        valid = valid[:start] + new + valid[start + drop :]
    return valid


@pytest.mark.parametrize("suffix", TEXTS)
@KEPT
@given(text=st.text() | st.text(alphabet=SIGNS, max_size=200))
def test_any_text(suffix: str, text: str) -> None:
    check(suffix, text.encode("utf-8", "replace"))


@pytest.mark.parametrize("suffix", TEXTS)
@KEPT
@given(
    edits=st.lists(
        st.tuples(
            st.integers(0, 2000),
            st.integers(0, 60),
            st.text(alphabet=SIGNS, max_size=12).map(lambda text: text.encode("utf-8", "replace"))
            | st.binary(max_size=4),
        ),
        max_size=6,
    )
)
def test_a_valid_text_that_was_tampered_with(suffix: str, edits: list[tuple[int, int, bytes]]) -> None:
    check(suffix, spliced(TEXTS[suffix].encode(), edits))


@pytest.mark.parametrize("suffix", BINARIES)
@settings(KEPT, max_examples=40)
@given(
    edits=st.lists(
        st.tuples(st.integers(0, 40_000), st.integers(0, 40), st.binary(max_size=12)), min_size=1, max_size=5
    )
)
def test_a_valid_binary_that_was_tampered_with(suffix: str, edits: list[tuple[int, int, bytes]]) -> None:
    check(suffix, spliced(BINARIES[suffix], edits))


@pytest.mark.parametrize("suffix", [*TEXTS, *BINARIES])
def test_what_is_tampered_with_here_is_good_before(suffix: str) -> None:
    assert check(suffix, BINARIES.get(suffix) or TEXTS[suffix].encode())


@KEPT
@given(
    edits=st.lists(
        st.tuples(st.integers(0, 9000), st.integers(0, 40), st.sampled_from(PIECES) | st.binary(max_size=8)), max_size=6
    )
)
def test_a_docx_whose_text_was_tampered_with(edits: list[tuple[int, int, bytes]]) -> None:
    check(".docx", rezipped(WORD, document=spliced(DOCUMENT, edits)))
