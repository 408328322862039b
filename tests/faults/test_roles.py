"""The role of a text is told by heading, by column, else by wording."""

import pytest

from app.faults.roles import is_code_column, of_column, of_heading, of_wording, opens_with_code


@pytest.mark.parametrize(
    ("headings", "role"),
    [
        (["Brake manual", "E73-B Release not detected", "Meaning"], "definition"),
        (["Brake manual", "E73-B Release not detected", "Causes"], "cause"),
        (["Brake manual", "E73-B Release not detected", "Checks"], "test"),
        (["Brake manual", "E73-B Release not detected", "Remedy"], "remedy"),
        (["Brake manual", "E73-B Release not detected", "Limits"], "limit"),
        (["Brake manual", "E73-B Release not detected", "Warning"], "warning"),
        (["Doors", "What to do"], "remedy"),
        (["Doors", "Possible root causes"], "cause"),
        (["Doors", "Fault finding", "On the vehicle"], "test"),
        (["Doors", "4.2 Permitted values"], "limit"),
        (["Handbuch", "Abhilfe"], "remedy"),
        (["Manuel", "Valeurs limites"], "limit"),
        (["Field notes"], "narrative"),
        (["Log extract"], "log"),
        (["Causes and remedies"], "cause"),
    ],
)
def test_the_innermost_telling_heading_decides(headings: list[str], role: str) -> None:
    assert of_heading(headings) == role


@pytest.mark.parametrize(
    "heading", ["E73-B Pressure limit check", "4.2 TC 1042 Remedy timer", "Fault E73-B: limit", "`SIG_0x1F`"]
)
def test_a_heading_that_opens_with_a_code_names_that_fault(heading: str) -> None:
    assert opens_with_code(heading)
    assert of_heading(["Limits", heading]) == "definition"
    assert of_heading(["Limits", heading, "Elsewhere"]) is None


def test_a_heading_that_only_mentions_a_code_names_none() -> None:
    assert not opens_with_code("Tuesday: again E73-B at Marle depot")
    assert not opens_with_code("Doors")
    assert of_heading(["Tuesday: again E73-B at Marle depot"]) is None
    assert of_heading([]) is None


@pytest.mark.parametrize(
    ("column", "role"),
    [
        ("Meaning", "definition"),
        ("Probable Cause(s)", "cause"),
        ("probable_cause", "cause"),
        ("Check", "test"),
        ("Remedy", "remedy"),
        ("Limit [bar]", "limit"),
        ("WARNING", "warning"),
        ("Bedeutung", "definition"),
        ("Mögliche Ursache", "cause"),
        ("Prüfung", "test"),
        ("Abhilfe", "remedy"),
        ("Grenzwert", "limit"),
        ("Warnung", "warning"),
        ("Signification", "definition"),
        ("Cause probable", "cause"),
        ("Contrôle", "test"),
        ("Remède", "remedy"),
        ("Limite", "limit"),
        ("Avertissement", "warning"),
        ("Remarks", "narrative"),
        ("Code", None),
        ("Subsystem", None),
        ("Severity", None),
        ("", None),
    ],
)
def test_a_column_tells_the_role_of_its_cells(column: str, role: str | None) -> None:
    assert of_column(column) == role


@pytest.mark.parametrize(
    "column", ["Code", "Fault code", "fault_code", "Fehlercode", "Störcode", "Code défaut", "Code d'erreur", "Alarm"]
)
def test_a_code_column_is_known_by_its_name(column: str) -> None:
    assert is_code_column(column)


@pytest.mark.parametrize("column", ["Meaning", "Class", "Postcode number", ""])
def test_other_columns_hold_no_codes(column: str) -> None:
    assert not is_code_column(column)


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Check the plug at the pressure transducer.", "test"),
        ("1. Measure the voltage; it must be at least 22 V.", "test"),
        ("- **Verify** the seal.", "test"),
        ("Replace the transducer.", "remedy"),
        ("(b) Reset the unit.", "remedy"),
        ("3. If the bogie cannot be released, isolate its brake.", "remedy"),
        ("When the bogie is hot, the display shows a lamp.", "narrative"),
        ("WARNING: the accumulator stays under pressure.", "warning"),
        ("Never bridge the contact.", "warning"),
        ("The pressure must not exceed 5.2 bar.", "limit"),
        ("Usually a chafed cable behind the bogie.", "cause"),
        ("The fault is caused by water in the joint.", "cause"),
        ("The code means that the brake did not release.", "definition"),
        ("2026-03-14 06:12:44 BCU2 E73-B set", "log"),
        ("06:12:44.120 BCU2 E73-B set", "log"),
        ("[06:12] door 3 closed", "log"),
        ("The fleet entered service in spring.", "narrative"),
        ("", "narrative"),
    ],
)
def test_wording_tells_the_role_when_nothing_else_does(text: str, role: str) -> None:
    assert of_wording(text) == role
