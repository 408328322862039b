"""The operator's own fault-code grammars: a file beside the shipped one, with the same fields and the same rules."""

import hashlib
from pathlib import Path

from app.faults import codes, roles
from app.faults.grammars import Grammar, Source, read
from app.faults.scan import Scan, build, shipped


class _Taught:
    file: Path | None = None
    mark: bytes = b""


def teach(file: Path | None) -> None:
    """Once for a process, when the house is built and no text has been read. Raises `InvalidSettings`."""
    there = file if file and file.exists() else None
    mark = hashlib.sha256(there.read_bytes()).digest() if there else b""
    if mark == _Taught.mark:
        return
    codes.use(with_own(there) if there else build(shipped()))
    roles.opens_with_code.cache_clear()
    _Taught.file, _Taught.mark = there, mark


def taught() -> Path | None:
    """The file whose grammars are read beside the shipped ones."""
    return _Taught.file


def mark() -> bytes:
    """Changes with the operator's grammars, and with them what a document says; empty without any."""
    return _Taught.mark


def with_own(file: Path) -> Scan:
    """The operator's grammars stand first: who wrote them knows the codes. Raises `InvalidSettings`."""
    if not file.exists():
        return build(shipped())
    own = read(file)
    text = file.read_text(encoding="utf-8")
    scan = build([*own, *shipped()])
    taken = {grammar.name for grammar in shipped()}
    for grammar in own:
        if wrong := "a shipped grammar has this name" if grammar.name in taken else misread(grammar, scan):
            raise Source(file.name, text, grammar.name).wrong("examples", wrong)
    return scan


def misread(grammar: Grammar, scan: Scan) -> str:
    """What its own examples and counterexamples say against it; empty when nothing."""
    for spelled, code in grammar.examples.items():
        read_as = [scan.read(match) for match in scan.regex.finditer(spelled)]
        if read_as != [(code, grammar.name)]:
            told = ", ".join(f"{other} ({name})" for other, name in read_as) or "no code"
            return f"{spelled!r} is read as {told} and not as {code}"
    for text in grammar.counter:
        if grammar.name in [scan.read(match)[1] for match in scan.regex.finditer(text)]:
            return f"a code is read in {text!r}, which is to hold none"
    return ""
