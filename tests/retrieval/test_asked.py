"""What a question asks for: its words, the trade's words beside them, and what of it passages speak."""

import pytest

from app.retrieval.asked import asked, share


def test_a_colloquial_word_brings_the_trades_own_along_and_the_embedder_is_told() -> None:
    question = asked("The rear truck drags")
    assert question.words == ("rear", "truck", "drag")
    assert "bogi" in question.also(lambda _: 1.0)
    assert question.told == "The rear truck drags (bogie, not released)"


def test_a_question_in_the_trades_words_is_told_as_it_stands() -> None:
    assert asked("pantograph insulator").told == "pantograph insulator"


def test_another_word_counts_no_more_than_the_word_that_was_asked() -> None:
    shares = asked("truck").also({"truck": 2.0, "bogi": 8.0}.__getitem__)
    assert shares == {"bogi": 0.25}
    assert asked("truck").also({"truck": 8.0, "bogi": 2.0}.__getitem__) == {"bogi": 1.0}


def test_an_english_word_for_a_german_one_counts_in_full_however_rare_it_is() -> None:
    shares = asked("Das Drehgestell ist heiss").also(lambda word: 9.0 if word == "bogi" else 1.0)
    assert shares["bogi"] == 1.0


def test_words_that_the_question_has_are_not_added() -> None:
    assert "bogi" not in asked("truck or bogie").also(lambda _: 1.0)


def test_german_words_without_a_subject_are_not_searched() -> None:
    words = asked("Der Kompressor startet nicht und die Anzeige bleibt dunkel").words
    assert "kompressor" in words
    assert not {"der", "nicht", "und", "bleibt"} & set(words)


def test_a_word_is_covered_when_the_trades_word_for_it_is_spoken() -> None:
    weights = {"truck": 3.0, "hiss": 1.0}
    assert asked("truck hisses").covered(weights, {"bogi"}) == 0.75
    assert asked("truck hisses").covered(weights, {"leak"}) == 0.25
    assert asked("truck hisses").covered(weights, set()) == 0.0


@pytest.mark.parametrize("text", ["", "   ", "the of and", "🚆🚆", "\x00\ud800", "?" * 10_000, "AND OR NOT ( [ * ~ ^"])
def test_odd_text_has_no_words_or_few_and_never_fails(text: str) -> None:
    question = asked(text)
    assert len(question.words) <= 3
    assert question.covered({}, set()) == 0.0


def test_a_share_of_nothing_is_nothing() -> None:
    assert share({}, {"x"}) == 0.0
    assert share({"a": 1.0, "b": 3.0}, {"b"}) == 0.75
