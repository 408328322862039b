"""A question in other words, or another language, is met in the trade's own; what is ambiguous stays so."""

from collections.abc import Sequence

import pytest

from app.faults.glossary import FOREIGN, Glossary, glossary, plain
from app.faults.lexicon import load


def stems(text: str) -> Sequence[str]:
    return [word.removesuffix("s") for word in plain(text) if word not in {"the", "a", "is", "too", "in", "on"}]


@pytest.fixture(scope="module")
def trade() -> Glossary:
    return glossary(stems)


def names(trade: Glossary, text: str) -> list[str]:
    return [meant.name for meant in trade.read(text).meant if meant.name]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("the rear truck drags", "bogie"),
        ("current collectors", "pantograph"),
        ("the switch machine stalls", "point machine"),
        ("grade crossing", "level crossing"),
        ("the gate arm of it", "barrier"),
        ("shore power fails", "shore supply"),
    ],
)
def test_an_american_or_colloquial_word_leads_to_the_trades_own(trade: Glossary, text: str, name: str) -> None:
    assert name in names(trade, text)


def test_the_trades_own_word_leads_to_its_first_equal_and_carries_no_name(trade: Glossary) -> None:
    (meant,) = trade.read("pantograph").meant
    assert (meant.said, meant.other, meant.name) == (("pantograph",), ("current", "collector"), "")


def test_the_longest_phrase_is_met_and_not_its_words(trade: Glossary) -> None:
    assert names(trade, "switch machine") == ["point machine"]


def test_what_has_two_meanings_means_both(trade: Glossary) -> None:
    assert {"overhead line", "cable"} <= set(names(trade, "the wire"))


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("Der Bremszylinderdruck ist zu niedrig", "de", ["brake cylinder", "pressure", "low"]),
        ("Die Türen schließen nicht", "de", ["door", "closed"]),
        ("Was ist mit der Weichenheizung?", "de", ["point heating"]),
        ("Le compteur d'essieux est en panne", "fr", ["axle counter", "fault"]),
        ("La porte ne se ferme pas", "fr", ["door", "closed", "no"]),
    ],
)
def test_german_and_french_are_met_by_stems_and_at_the_head_of_compounds(
    trade: Glossary, text: str, language: str, found: list[str]
) -> None:
    reading = trade.read(text)
    assert reading.language == language
    assert [meant.name for meant in reading.meant] == found
    assert all(meant.foreign for meant in reading.meant)


def test_words_of_another_language_that_carry_no_subject_are_silent(trade: Glossary) -> None:
    silent = trade.read("Der Druck in der Leitung fällt").silent
    assert "der" in silent
    assert not {"druck", "leitung"} & silent


@pytest.mark.parametrize("text", ["the die cast housing is the part", "E73-B", "", "🚆 !!", "is it in the des"])
def test_english_and_bare_codes_are_of_no_other_language(trade: Glossary, text: str) -> None:
    assert trade.read(text).language == ""


def test_every_phrase_of_the_file_can_be_met() -> None:
    sections = dict(load("glossary.toml"))
    stop = {name: set(words.split()) for name, words in sections.pop("stop").items()}
    entries = [(key, entry) for section in sections.values() for key, entry in section.items()]
    keys = [key for key, _ in entries]
    assert len(keys) == len(set(keys)) >= 300
    for key, entry in entries:
        assert entry.keys() <= {"also", "said", *FOREIGN}, key
        assert all(isinstance(phrase, str) and phrase.strip() for phrases in entry.values() for phrase in phrases), key
        for name in FOREIGN:
            assert all(set(plain(phrase)) - stop[name] for phrase in entry.get(name, ())), key


def test_the_whole_trade_is_there_in_three_languages() -> None:
    sections = {name: section for name, section in load("glossary.toml").items() if name != "stop"}
    assert {"brakes", "doors", "traction", "onboard", "trackside", "points", "detection", "crossings", "bus"} <= set(
        sections
    )
    for name, section in sections.items():
        for language in FOREIGN:
            assert sum(language in entry for entry in section.values()) > 0.8 * len(section), (name, language)
