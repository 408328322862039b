"""The sample shelf, its manifest and the tables that the acceptance tests read agree with each other, word for word."""

from collections import Counter
from datetime import date
from typing import Any

import pytest

from app.faults.codes import find, near
from app.faults.roles import is_code_column, of_column
from app.faults.units import quantities
from tests.knowledge.shelf import (
    PATHS,
    SHELF,
    TEXTS,
    about,
    listed,
    manifest,
    metadata,
    rows,
    suffix,
    table,
)

KEYS = {"title", "revision", "valid_from", "superseded_by", "vehicle_classes", "baselines"}
FORMATS = {".md", ".html", ".shtml", ".pdf", ".docx", ".csv", ".tsv", ".log", ".txt", ".st", ".c", ".py", ".yaml"}
VENDOR_GRAMMARS = {"letter-number-suffix", "prefix-number", "hex-signal", "bus-address", "status-word"}
ROLES = {"definition", "cause", "test", "remedy", "limit", "warning"}
BARE = {
    *(
        "E49-C",
        "TC-1199",
        "E519-A",
        "0x8074FFFF",
        "E219-B",
        "TRC-3361",
        "OBU-6251",
        "0x8A1200FF",
        "RBC-8099",
        "BAL-8390",
    ),
    *("SIG_0x6F", "PNT-2519", "TC-1520", "LXC-5417", "MVB 8/2", "GSM-9140", "ALM_0x4F"),
}
MENTIONS = [(path, mention) for path, text in TEXTS.items() for mention in find(text)]
ON_SHELF = {mention.code for _, mention in MENTIONS}
EXPECTED, UNKNOWN, SYMPTOMS = rows("expected.jsonl"), rows("unknown.jsonl"), rows("symptoms.jsonl")
IN_FORCE = [row for row in EXPECTED if row["meaning"]]
TABLES = [path for path in PATHS if suffix(path) in {".csv", ".tsv"} and is_code_column(next(iter(table(path)[0])))]


def name(row: dict[str, Any]) -> str:
    return f"{row['code']} {row.get('vehicle_class', '')}".strip()


def test_the_shelf_is_as_wide_as_it_says_and_travels_light() -> None:
    assert len(PATHS) >= 90
    assert FORMATS | {".json"} == {suffix(path) for path in PATHS}
    assert sum((SHELF / path).stat().st_size for path in PATHS) < 3_000_000


def test_the_manifest_lists_every_document_once_and_nothing_else() -> None:
    entries = list(manifest().values())
    assert sorted(manifest()) == PATHS
    assert len({entry["id"] for entry in entries}) == len(entries)
    assert all(set(entry) == {"path", "id", *KEYS, "owner"} and entry["owner"] for entry in entries)
    assert [entry["path"] for entry in entries if find(f"{entry['id']} {entry['path']}")] == []


@pytest.mark.parametrize("path", PATHS)
def test_a_document_says_of_itself_what_the_manifest_says(path: str) -> None:
    entry, found = manifest()[path], metadata(path)
    assert {"title", "revision", "valid_from"} <= found.keys() <= KEYS or suffix(path) == ".json"
    for key in found.keys() - {"vehicle_classes", "baselines"}:
        assert str(entry[key]) == str(found[key])
    if suffix(path) != ".json":
        for key in ("vehicle_classes", "baselines"):
            assert entry[key] == listed(found.get(key))


@pytest.mark.parametrize("path", PATHS)
def test_what_supersedes_a_document_is_there_and_younger(path: str) -> None:
    entry = manifest()[path]
    assert entry["valid_from"] <= date(2026, 12, 31)
    newer = entry["superseded_by"]
    assert newer is None or manifest()[newer]["valid_from"] > entry["valid_from"]


@pytest.mark.parametrize("path", TABLES)
def test_every_fault_table_is_square_and_its_columns_are_understood(path: str) -> None:
    faults = table(path)
    code, *columns = faults[0]
    assert [of_column(column) for column in columns] == ["definition", "cause", "test", "remedy", "limit", "warning"]
    assert all("surplus" not in row and None not in row.values() for row in faults)
    ranged = {row["via"] for row in EXPECTED if "via" in row}
    assert all([m.code for m in find(row[code])] == [row[code]] for row in faults if row[code] not in ranged)


def test_codes_are_found_over_the_whole_shelf_exactly_as_listed() -> None:
    listed_codes = [row["code"] for row in EXPECTED if "via" not in row]
    first_of_range = {row["code"] for row in EXPECTED if "via" in row}
    twice = Counter(listed_codes) - Counter(set(listed_codes))
    assert len({name(row) for row in EXPECTED}) == len(EXPECTED)
    assert len(set(listed_codes)) >= 300
    assert set(twice) == {row["code"] for row in EXPECTED if "vehicle_class" in row}
    assert set(listed_codes) == ON_SHELF - first_of_range
    assert {mention.grammar for _, mention in MENTIONS} == VENDOR_GRAMMARS


def test_every_spelling_of_a_listed_code_is_that_code() -> None:
    for row in EXPECTED + UNKNOWN:
        assert [{m.code for m in find(f"unit 7 shows {s} since noon")} for s in row["spellings"]] == [
            {row["code"]} for _ in row["spellings"]
        ]
    assert all(len(set(row["spellings"])) == 3 for row in EXPECTED)


@pytest.mark.parametrize("row", IN_FORCE, ids=name)
def test_meaning_steps_and_limits_stand_in_their_section_in_this_order(row: dict[str, Any]) -> None:
    section, roles = about(row)
    assert row["meaning"] in section
    places = [section.find(step) for step in row["steps"]]
    assert places or not roles & {"test", "remedy"}
    assert min(places, default=0) >= 0
    assert places == sorted(places)
    assert all(limit in section and quantities(limit) for limit in row["limits"])
    assert manifest()[row["source"]]["revision"] == row["revision"]
    assert manifest()[row["source"]]["superseded_by"] is None


@pytest.mark.parametrize("row", IN_FORCE, ids=name)
def test_what_is_listed_as_absent_is_absent_and_nothing_else_is(row: dict[str, Any]) -> None:
    assert set(row["absent"]) == {"cause", "remedy", "limit"} - about(row)[1]
    assert ("limit" in row["absent"]) == (not row["limits"])


def test_codes_that_the_shelf_only_names_are_listed_with_nothing() -> None:
    bare = [row for row in EXPECTED if not row["meaning"]]
    assert {row["code"] for row in bare} == BARE
    for row in bare:
        assert (row["steps"], row["limits"]) == ([], [])
        assert set(row["absent"]) == {"meaning", "cause", "remedy", "limit"}
        if row["source"].endswith(".log"):
            assert row["code"] in TEXTS[row["source"]]
        else:
            assert not about(row)[1] & ROLES


def test_no_unknown_code_stands_anywhere_on_the_shelf() -> None:
    codes = [row["code"] for row in UNKNOWN]
    assert len(codes) == len(set(codes)) >= 150
    assert not set(codes) & (ON_SHELF | {row["code"] for row in EXPECTED})


def test_an_unknown_code_is_near_the_code_that_it_resembles() -> None:
    for row in UNKNOWN:
        neighbours = [neighbour.code for neighbour in near(row["code"], ON_SHELF)]
        assert (row["resembles"] in neighbours) if row["resembles"] else True, (row, neighbours)
    strangers = [row["code"] for row in UNKNOWN if row["resembles"] is None]
    assert [code for code in strangers if near(code, ON_SHELF)] == []


def test_symptoms_ask_without_codes_and_name_a_place_that_is_there() -> None:
    answerable = [row for row in SYMPTOMS if row["answerable"]]
    assert (len(answerable), len(SYMPTOMS) - len(answerable)) == (40, 15)
    assert [row["question"] for row in SYMPTOMS if find(row["question"])] == []
    assert all(row["section"] in TEXTS[row["source"]] for row in answerable)
    assert {row["code"] for row in answerable} - {None} <= ON_SHELF
