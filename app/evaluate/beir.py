"""Retrieval sets in BEIR form: `corpus.jsonl`, `queries.jsonl` and `qrels.tsv` in one folder."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import InvalidInput

FILES = ("corpus.jsonl", "queries.jsonl", "qrels.tsv")


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """`corpus` has each entry's text under its id, `grades` what is right for each query and how much so."""

    corpus: Mapping[str, str]
    queries: Mapping[str, str]
    grades: Mapping[str, Mapping[str, int]]


def is_beir(folder: Path) -> bool:
    return all((folder / name).is_file() for name in FILES)


def read(folder: Path) -> RetrievalSet:
    """Raises `InvalidInput` that names the file that cannot be read. Queries without a grade are left out."""
    corpus_file, query_file, qrels_file = (folder / name for name in FILES)
    corpus = {name: f"{entry.get('title', '')}\n\n{entry['text']}".strip() for name, entry in _entries(corpus_file)}
    grades: dict[str, dict[str, int]] = {}
    for fields in (line.split("\t") for line in _text(qrels_file).splitlines()):
        if len(fields) >= 3 and fields[-1].strip().lstrip("-").isdigit():  # the heading has no number
            grades.setdefault(fields[0], {})[fields[-2]] = int(fields[-1])
    queries = {name: entry["text"] for name, entry in _entries(query_file) if name in grades}
    return RetrievalSet(corpus, queries, grades)


def _entries(file: Path) -> list[tuple[str, dict[str, str]]]:
    try:
        rows = [json.loads(line) for line in _text(file).splitlines() if line.strip()]
        return [(str(row["_id"]), {**row, "text": row["text"]}) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"{file} is not in BEIR form: {error!r}.") from error


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read: {error}.") from error
