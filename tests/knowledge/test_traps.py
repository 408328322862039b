"""The traps of real shelves are set: whoever tidies the sample shelf up hears of it here."""

import re

from app.faults.codes import find, near
from tests.knowledge.shelf import PATHS, SHELF, SOURCES, TEXTS, manifest, rows, suffix, table

EXPECTED = rows("expected.jsonl")
BY_CODE = {row["code"]: row for row in EXPECTED}


def test_codes_of_different_documents_are_easily_mistaken_for_each_other() -> None:
    pairs = {(row["code"], other.code) for row in EXPECTED for other in near(row["code"], BY_CODE)}
    across = {(one, other) for one, other in pairs if BY_CODE[one]["source"] != BY_CODE[other]["source"]}
    assert {("E73-B", "E37-B"), ("TC-1042", "TC-1024"), ("RBC-8012", "RBC-8021")} <= pairs
    assert {("RBC-8012", "RBC-8102"), ("PNT-2502", "PNT-2702"), ("TRC-3131", "TRC-3311")} <= across
    assert len(across) >= 100


def test_one_code_means_two_things_on_two_vehicle_classes() -> None:
    shared = [row for row in EXPECTED if row["code"] == "E530-B"]
    assert [row["vehicle_class"] for row in shared] == ["425", "412"]
    assert [manifest()[row["source"]]["vehicle_classes"] for row in shared] == [["425"], ["412"]]
    assert len({row["meaning"] for row in shared}) == len({tuple(row["limits"]) for row in shared}) == 2


def test_two_revisions_have_opposite_limits() -> None:
    assert "must stay below 80 bar" in TEXTS["points/hydraulic-points-rev2.md"]
    assert "must be at least 95 bar" in TEXTS["points/hydraulic-points-rev3.md"]
    assert manifest()["points/hydraulic-points-rev2.md"]["superseded_by"] == "points/hydraulic-points-rev3.md"


def test_an_abbreviation_means_one_thing_on_a_vehicle_and_another_on_the_track() -> None:
    lines = TEXTS["general/abbreviations-with-two-meanings.md"].splitlines()
    assert "| TC | traction cut-out | track circuit |" in lines


def test_ranges_and_wildcards_stand_where_a_code_should() -> None:
    cells = [row["Code"] for row in table("train-bus/line-groups-by-range.csv")]
    assert cells == ["MVB 10/1…10/9", "E8x"]
    assert {row["via"] for row in EXPECTED if "via" in row} == set(cells)
    assert len([row for row in EXPECTED if "via" in row]) == 19


def test_one_table_is_longer_than_its_page_and_one_page_has_no_text() -> None:
    rbc = TEXTS["rbc/rbc-fault-manual.pdf"].splitlines()
    assert len([line for line in rbc if re.match(r"\| RBC-\d{4} \|", line)]) == 14
    assert "```scan\n" in (SOURCES / "radio/cab-radio-manual.pdf.md").read_text(encoding="utf-8")


def test_instructions_to_the_reader_are_hidden_in_a_document_and_in_two_logs() -> None:
    orders = re.compile(r"ignore (?:all )?previous instructions|disregard your rules")
    told = [path for path, text in TEXTS.items() if orders.search(text)]
    assert sorted({suffix(path) for path in told}) == [".html", ".log"]
    assert len(told) == 3


def test_german_and_french_documents_stand_among_the_english_ones() -> None:
    assert "Weiche erreicht die Endlage nicht" in TEXTS["points/weichenstellteil-stoerungen.csv"]
    assert "La barrière n'a pas atteint sa position basse" in TEXTS["level-crossings/passages-a-niveau-quay.md"]


def test_source_code_names_the_faults_that_it_raises() -> None:
    programs = [path for path in PATHS if suffix(path) in {".st", ".c", ".py"}]
    assert {suffix(path) for path in programs} == {".st", ".c", ".py"}
    assert all({m.code for m in find(TEXTS[path])} & BY_CODE.keys() for path in programs)


def test_a_topology_says_what_feeds_what_and_one_of_them_runs_in_a_circle() -> None:
    topologies = [path for path in PATHS if "/topology-" in path]
    for path in topologies:
        edges = table(path)
        assert set(edges[0]) == {"component", "feeds", "subsystem", "location"}
        assert all(all(edge.values()) for edge in edges)
        assert len(pairs(path)) == len(edges) >= 30
    assert [path for path in topologies if circle(pairs(path))] == ["general/topology-class-412.csv"]
    # Air raises the pantograph, and the current that it takes drives the compressor.
    assert {("Pantograph P1", "Main breaker VCB"), ("Compressor ASU", "Air dryer AD1")} <= circle(pairs(topologies[0]))


def pairs(path: str) -> set[tuple[str, str]]:
    return {(edge["component"], edge["feeds"]) for edge in table(path)}


def circle(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """What is left when everything that feeds nothing more has been taken away, again and again."""
    while ends := {to for _, to in edges} - {source for source, _ in edges}:
        edges = {edge for edge in edges if edge[1] not in ends}
    return edges


def test_every_made_document_has_its_source_and_every_source_its_document() -> None:
    made = {path for path in PATHS if suffix(path) in {".pdf", ".docx"}}
    assert made == {file.relative_to(SOURCES).as_posix()[:-3] for file in SOURCES.rglob("*.md")}
    heads = {".pdf": b"%PDF-", ".docx": b"PK\x03\x04"}
    assert all((SHELF / path).read_bytes().startswith(heads[suffix(path)]) for path in made)
