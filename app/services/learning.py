"""A grammar learned from a fault table: proposed, tried on the shelf, and kept beside the shipped ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from app.core.document import Document
from app.core.principal import LOCAL
from app.faults.codes import find
from app.faults.learn import Proposal, propose
from app.faults.own import with_own
from app.faults.scan import Scan, build, unsigned
from app.ingest.column import column
from app.ingest.reading import named_file
from app.services.hall import Services

WRONG = 20  # places that are shown


@dataclass(frozen=True, slots=True)
class Sight:
    """A place in the shelf that the grammar would read as a code."""

    source: str
    line: int
    spelled: str
    code: str
    now: str = ""  # the code that it is read as without the grammar


@dataclass(frozen=True, slots=True)
class Lesson:
    """`right` places name a code of the list; `wrong` ones do not, and `wrong_places` counts all of them."""

    proposal: Proposal
    documents: int = 0
    right: int = 0
    wrong_places: int = 0
    wrong: tuple[Sight, ...] = ()
    kept: str = ""


async def learn(services: Services, file: Path, name: str, *, keep: bool = False) -> Lesson:
    """Raises `InvalidInput` when there is nothing to learn from, and what reading the file raises."""
    content = named_file(file, services.settings.service.upload_limit)
    proposal = propose(column(file.name, content, name), file.stem, f"learned from {file.name}")
    if not proposal.grammars:
        return Lesson(proposal)
    scan, listed = build(proposal.grammars), frozenset(proposal.read.values())
    kept = keep_table(services.settings.own_grammars, proposal.toml) if keep else ""
    rows = await services.documents.list(LOCAL, services.settings.kb)
    seen = [sight for row in rows for sight in sights(await services.documents.get(LOCAL, row.id), scan)]
    wrong = [sight for sight in seen if sight.code not in listed]
    return Lesson(proposal, len(rows), len(seen) - len(wrong), len(wrong), tuple(islice(wrong, WRONG)), kept)


def sights(document: Document, scan: Scan) -> Iterator[Sight]:
    now = {mention.start: mention.code for mention in find(document.text)}
    for match in scan.regex.finditer(unsigned(document.text)):
        line = document.text.count("\n", 0, match.start()) + 1
        yield Sight(document.path, line, match[0], scan.read(match)[0], now.get(match.start(), ""))


def keep_table(file: Path, toml: str) -> str:
    """Added to the operator's own grammars; a table that would spoil them is not. Raises `InvalidSettings`."""
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    file.parent.mkdir(parents=True, exist_ok=True)
    trial = file.with_name(f".{file.name}")
    trial.write_text(f"{before}\n{toml}" if before else toml, encoding="utf-8")
    try:
        with_own(trial)
        trial.replace(file)
    finally:
        trial.unlink(missing_ok=True)
    return str(file)
