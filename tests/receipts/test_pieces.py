"""The single checks, one by one."""

import pytest

from app.receipts import codes, numbers
from app.receipts.commands import commanded, more_critical
from app.receipts.reading import Page, Reading
from app.receipts.spans import best_span, locate
from app.receipts.support import support
from app.receipts.words import language, stem, stems
from tests.receipts.passages import BRAKE, brake, passage


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("Listen for air at the couplings.", "Listen for air at the couplings."),
        ("Checks:\n1. Read the brake", "Checks:\n1. Read the brake"),
        ("Checks:   1. Read the\nbrake", "Checks:\n1. Read the brake"),
        ("“listen for air”", "Listen for air"),
        ("The driver’s brake valve", "The driver's brake valve"),
        ("Listen for air …", "Listen for air"),
        ("Listen for water", None),
        ("", None),
        ("…", None),
    ],
)
def test_a_quote_is_found_as_the_document_writes_it(quote: str, found: str | None) -> None:
    place = locate(quote, brake())
    assert (BRAKE[place[0] - 200 : place[1] - 200] if place else None) == found


def test_case_is_let_pass_only_where_it_keeps_every_offset() -> None:
    assert locate("HOSE", passage("İ hose")) is None
    assert locate("HOSE", passage("I hose")) == (2, 6)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("The gauge of the brake pipe", "1. Read the brake pipe gauge"),
        ("air at couplings", "2. Listen"),
        ("Do not open the cock", "Do not open cock A12"),
    ],
)
def test_the_span_that_shares_most_words_is_the_best(text: str, start: str) -> None:
    place = best_span(text, brake())
    assert place and BRAKE[place[0] - 200 :].startswith(start)


def test_no_shared_word_is_no_span() -> None:
    assert best_span("moonlight", brake()) is None


def test_a_long_part_is_looked_at_sentence_by_sentence() -> None:
    text = "The pump runs. " * 30 + "The filter is blocked by leaves."
    place = best_span("a blocked filter", passage(text, [("narrative", text)]))
    assert place and text[slice(*place)] == "The filter is blocked by leaves."


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ("It shows 5 bar.", []),
        ("It shows 500 kPa.", []),
        ("It shows 5,0 bar.", []),
        ("It shows 6 bar.", ["6 bar"]),
        ("After 1 min.", []),
        ("Close A13 and B7.", ["B7"]),
        ("No number at all.", []),
        ("At 0.2 bar and 9 V.", ["0.2 bar", "9 V"]),
    ],
)
def test_numbers_without_a_source_are_named_as_they_were_written(said: str, missing: list[str]) -> None:
    assert numbers.unsupported(Reading(said), [Reading(BRAKE)]) == missing


def test_codes_come_from_the_question_or_a_cited_passage() -> None:
    cited = [Page(brake())]
    assert codes.foreign(codes.spoken(Reading("e73b and E 37-B"), None), frozenset(), cited) == ["E37-B"]
    assert codes.foreign(codes.spoken(Reading("E37-B"), None), frozenset({"E37-B"}), cited) == []
    assert codes.spoken(Reading("it"), "e 73 b") == {"E73-B"}
    assert codes.spoken(Reading("it"), "odd") == {"odd"}


def test_a_passage_without_codes_of_its_own_may_serve_any() -> None:
    assert codes.swapped({"E73-A"}, [Page(passage("Hoses age."))]) == []
    assert codes.swapped({"E73-A"}, [Page(brake())]) == ["E73-A"]
    assert codes.neighbours(frozenset({"E73-A"}), [Page(brake())]) == ["E73-B"]
    assert codes.neighbours(frozenset(), [Page(brake())]) == []


@pytest.mark.parametrize(
    ("source", "said", "flipped"),
    [
        ("Do not isolate the vehicle.", "Isolate the vehicle.", True),
        ("Isolate the vehicle.", "Do not isolate the vehicle.", True),
        ("Never open the cock while moving.", "Open the cock while moving.", True),
        ("If the pressure does not rise, replace the valve.", "Replace the valve if the pressure stays low.", False),
        ("There is no pressure in the pipe.", "The pipe has no pressure.", False),
        ("Do not open the door. At standstill open the door.", "Open the door at standstill.", False),
        ("Raise the lever.", "Lower the lever.", True),
        ("Das Ventil nicht öffnen.", "Das Ventil öffnen.", True),
    ],
)
def test_a_denial_that_turns_the_sense_is_seen(source: str, said: str, flipped: bool) -> None:
    assert bool(support(Reading(said), [Page(passage(source))]).flipped) is flipped


@pytest.mark.parametrize(
    ("said", "swapped"),
    [
        ("The valve opens at 5 bar.", ""),
        ("The valve opens at 3 bar.", "3 bar"),
        ("The valve closes at 300 kPa.", ""),
        ("Voltage is 24 V.", ""),
        ("It is 5 bar.", ""),
    ],
)
def test_quantities_that_changed_places_are_seen(said: str, swapped: str) -> None:
    source = "The valve opens at 5 bar and closes at 3 bar. The supply has 24 V."
    assert support(Reading(said), [Page(passage(source))]).swapped == swapped


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("Isolate the vehicle.", "isolate"),
        ("If it leaks, isolate the vehicle.", "isolate"),
        ("You must then reset the unit.", "operate"),
        ("Measure first and then isolate the vehicle.", "isolate"),
        ("The unit failed after a reset.", None),
        ("Restart of the computer.", None),
        ("Do not isolate the vehicle.", None),
        ("Replace the hose.", None),
    ],
)
def test_a_command_is_told_from_a_mention(text: str, action: str | None) -> None:
    assert commanded(text) == action


def test_the_more_critical_action_wins() -> None:
    assert more_critical("observe", "operate") == more_critical("operate", None) == "operate"


def test_forms_of_a_word_meet_and_other_words_do_not() -> None:
    assert len({stem(word) for word in ("isolate", "isolated", "isolating", "isolation", "isolates")}) == 1
    assert len({stem(word) for word in ("stop", "stopped", "stopping")}) == 1
    assert stem("valve") != stem("value")
    assert stems("The 4,5 bar of the valves") == {"4.5", "bar", stem("valve")}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("The valve is not closed and the pump runs", "en"),
        ("Das Ventil ist nicht zu und die Pumpe läuft", "de"),
        ("La vanne est fermée et le moteur de la pompe", "fr"),
        ("Q21 K7", None),
    ],
)
def test_a_language_is_told_by_its_small_words(text: str, told: str | None) -> None:
    assert language(text.lower().split()) == told
