import pytest

from app.core.errors import InvalidDocument, UnsupportedFormat
from app.ingest.base import Loader
from app.ingest.loaders.detect import pick
from app.ingest.loaders.docx import load_docx
from app.ingest.loaders.html import load_html
from app.ingest.loaders.logs import load_text
from app.ingest.loaders.markdown import load_markdown
from app.ingest.loaders.pdf import load_pdf
from app.ingest.loaders.tree import load_json
from tests.ingest.papers import HTML, JSON, docx, pdf


@pytest.mark.parametrize(
    ("path", "content", "loader", "warned"),
    [
        ("a.md", pdf([["x"]]), load_pdf, "a PDF"),
        ("a.pdf", docx(), load_docx, "a DOCX document"),
        ("a.txt", HTML.encode(), load_html, "HTML"),
        ("a.pdf", b"\xef\xbb\xbf <!-- saved --> <html><body>x", load_html, "HTML"),
        ("README", JSON.encode(), load_json, "JSON"),
        ("a.shtml", HTML.encode(), load_html, ""),
        ("LICENSE", b"Text.", load_text, ""),
        ("a.md", JSON.encode(), load_markdown, ""),
        ("a.txt", b"[12:00:01] up\n[12:00:02] down]", load_text, ""),
    ],
)
def test_a_file_is_read_as_what_it_is(path: str, content: bytes, loader: Loader, warned: str) -> None:
    found, warning = pick(path, content)
    assert found is loader
    assert warned in warning
    assert bool(warning) == bool(warned)


@pytest.mark.parametrize(
    ("path", "content", "error"),
    [
        ("a.pdf", b"plain text", InvalidDocument),
        ("a.docx", b"PK\x03\x04 other/archive", InvalidDocument),
        ("a.exe", b"MZ", UnsupportedFormat),
        ("a.docx", b"", InvalidDocument),
    ],
)
def test_in_doubt_a_file_is_refused(path: str, content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        pick(path, content)
