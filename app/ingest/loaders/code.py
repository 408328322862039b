"""Source code cut by definition, each with the comment above it: structured text, C, Python, JavaScript and kin."""

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import PurePosixPath

from app.ingest.base import Block, Loaded
from app.ingest.loaders.metadata import remarks
from app.ingest.loaders.text import decode, line_starts, trim

Start = tuple[int, str]  # line from 0, name

ST = re.compile(
    r"^[ \t]*(?:PROGRAM|FUNCTION_BLOCK|FUNCTION|METHOD|PROPERTY|ACTION|INTERFACE|CONFIGURATION|ORGANIZATION_BLOCK|"
    r'DATA_BLOCK|TYPE|VAR_GLOBAL|NETWORK)\b[ \t]*(?:(?:PUBLIC|PRIVATE|PROTECTED|ABSTRACT|FINAL)[ \t]+)*"?([\w.]*)',
    re.MULTILINE | re.IGNORECASE,
)
C = re.compile(
    r"^(?:(?:typedef|static|extern|inline|const|unsigned|public|private|protected|export|async|virtual)[ \t]+){0,6}"
    r"(?:(?:struct|union|enum|class|namespace|interface)[ \t]+(\w+)[^;\r\n]{0,200}$"
    r"|[A-Za-z_][\w:<>,*&\[\] \t]{0,120}?[ \t*&](~?\w+(?:::~?\w+)*)[ \t]*\([^;\r\n]{0,300}$"
    r"|#[ \t]*define[ \t]+(\w+)\([^\r\n]{0,300}$)",
    re.MULTILINE,
)
JS = re.compile(
    r"^[ \t]{0,4}(?:export[ \t]+)?(?:default[ \t]+)?(?:(?:async[ \t]+)?function\*?[ \t]+(\w+)|class[ \t]+(\w+)"
    r"|(?:const|let|var)[ \t]+(\w+)[ \t]*=[ \t]*(?:async[ \t]*)?(?:function\b|\([^)\r\n]{0,200}\)[ \t]*=>|\w+ *=>))",
    re.MULTILINE,
)
OTHER = re.compile(r"^[ \t]*(?:function|sub|proc|def|fn|func|procedure|module|package|class)[ \t]+(\w+)", re.M | re.I)
ABOVE = re.compile(r"[ \t]*(?:/[/*]|\*|#(?!\s*(?:include|if|endif|else|define))|--|\(\*|@|\{)|.*\*[/)][ \t]*$")
PATTERNS = {".st": ST, ".scl": ST, ".iecst": ST, ".exp": ST, ".awl": ST}
PATTERNS |= dict.fromkeys((".c", ".h", ".cpp", ".hpp", ".cc", ".cxx", ".ino", ".java", ".cs"), C)
PATTERNS |= dict.fromkeys((".js", ".mjs", ".ts", ".tsx", ".jsx"), JS)
LANGUAGES = {".st": "iecst", ".scl": "iecst", ".h": "c", ".ino": "cpp", ".py": "python", ".js": "javascript"}


def load_code(kb: str, path: str, content: bytes) -> Loaded:
    text = decode(path, content)
    suffix = PurePosixPath(path).suffix.lower()
    metadata = remarks(path, text)
    starts = line_starts(text)
    found = _python(text) if suffix == ".py" else _scanned(text, PATTERNS.get(suffix, OTHER), starts)
    document = metadata.document(kb, text, "code")
    return Loaded(document, tuple(_blocks(text, starts, found, LANGUAGES.get(suffix, suffix.lstrip(".")))))


def _blocks(text: str, starts: Sequence[int], found: Sequence[Start], language: str) -> Iterator[Block]:
    """What stands before the first definition is a block too; a definition takes the comment above it along."""
    lines = [text[a:b] for a, b in pairwise((*starts, len(text)))]
    cuts: list[Start] = [(0, "")]
    for line, name in found:
        opening = line
        while opening > cuts[-1][0] + bool(cuts[-1][1]) and ABOVE.match(lines[opening - 1]):
            opening -= 1
        cuts.append((opening, name))
    edges = [(starts[line], name) for line, name in cuts] + [(len(text), "")]
    for group, ((first, name), (last, _)) in enumerate(pairwise(edges)):
        start, end = trim(text, first, last)
        if end > start:
            if name:
                yield Block(start, start, group=-1, kind="dropped")  # no passage holds two definitions
            yield Block(start, end, (name,) if name else (), language, group, "code")


def _scanned(text: str, pattern: re.Pattern[str], starts: Sequence[int]) -> list[Start]:
    from bisect import bisect_right

    found = [(bisect_right(starts, match.start()) - 1, match[match.lastindex or 0]) for match in pattern.finditer(text)]
    return [(line, name) for line, name in found if name not in ("if", "for", "while", "switch", "return", "else")]


def _python(text: str) -> list[Start]:
    """A file of another dialect, or one that is broken, is cut where its lines look like definitions."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _scanned(text, OTHER, line_starts(text))
    return sorted(_definitions(tree.body, ""))


def _definitions(body: Sequence[ast.stmt], inside: str) -> Iterator[Start]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield first - 1, f"{inside}{node.name}"
            if isinstance(node, ast.ClassDef) and not inside.count(".") > 2:
                yield from _definitions(node.body, f"{inside}{node.name}.")
