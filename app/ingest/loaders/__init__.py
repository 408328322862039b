"""Which loader reads which file: a row here is all that a new format needs."""

from collections.abc import Mapping

from app.ingest.base import Loader
from app.ingest.loaders.code import load_code
from app.ingest.loaders.delimited import load_delimited
from app.ingest.loaders.docx import load_docx
from app.ingest.loaders.html import load_html
from app.ingest.loaders.logs import load_log, load_text
from app.ingest.loaders.markdown import load_markdown
from app.ingest.loaders.pdf import load_pdf
from app.ingest.loaders.rst import load_rst
from app.ingest.loaders.tree import load_json, load_yaml

LOADERS: Mapping[str, Loader] = {
    ".md": load_markdown,
    ".markdown": load_markdown,
    ".rst": load_rst,
    ".html": load_html,
    ".htm": load_html,
    ".shtml": load_html,
    ".xhtml": load_html,
    ".pdf": load_pdf,
    ".docx": load_docx,
    ".csv": load_delimited,
    ".tsv": load_delimited,
    ".json": load_json,
    ".yaml": load_yaml,
    ".yml": load_yaml,
    ".log": load_log,
    ".txt": load_text,
    **dict.fromkeys((".st", ".scl", ".iecst", ".awl", ".c", ".h", ".cc", ".cpp", ".hpp", ".cxx", ".ino"), load_code),
    **dict.fromkeys((".py", ".js", ".mjs", ".ts", ".java", ".cs", ".go", ".rs", ".lua", ".sh"), load_code),
}
PLAIN: frozenset[Loader] = frozenset({load_markdown, load_delimited, load_log, load_text})  # safe beside other work
FORMATS = (
    "Markdown, reStructuredText, HTML, PDF, DOCX, tables (.csv, .tsv), JSON, YAML, logs and plain text (.log, .txt) "
    "and source code (.st, .scl, .c, .h, .cpp, .py, .js and kin)"
)
