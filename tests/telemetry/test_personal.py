import re
import time
from dataclasses import dataclass

import pytest
from pydantic import ValidationError

from app.core.settings.telemetry import TelemetrySettings
from app.telemetry import masking
from app.telemetry.personal import LONGEST, PRESETS, Lifting, Personal, Veil, covered, patterns

ALL = patterns(PRESETS, {})

PERSONAL = {
    "train 4711 stands": "train [train] stands",
    "Zug 4711A": "Zug [train]",
    "doors/train-4711.md": "doors/train-[train].md",
    "Train_id=4711": "Train_id=[train]",
    '{"train": 4711}': '{"train": [train]}',
    "ICE 572 is late": "[train] is late",
    "driver 10442 reports": "driver [driver] reports",
    "driver_id=DRV-10442": "driver_id=[driver]",
    "Lokführer: 10442": "Lokführer: [driver]",
    "driver name: Anna Berg said": "driver name: [driver] said",
    "at 51.12345, 7.54321": "at [position]",
    "lat=51.12345": "lat=[position]",
    "stopped at km 12.345": "stopped at [position]",
    "no route to 10.1.2.3:80": "no route to [host]:80",
    "fe80::1 is up": "[host] is up",
    "tcms-01.depot.internal is up": "[host] is up",
    "hostname: mcg-4": "hostname: [host]",
}
HARMLESS = [
    "E73-B at 4.8 bar, train speed 120 km/h",
    "2026-11-20T08:33:01.123Z TCMS[4711]: door 3 L not locked (code 0x17)",
    "time 12:34:56, version v1.2.3, std::vector<int>",
    "training 12 drivers; the train stands; km/h 80",
    "http://127.0.0.1:8000/v1/debug",
    "[1] see passage [2], register x[10]",
]


@pytest.mark.parametrize("text", PERSONAL)
def test_personal_data_is_covered_and_its_kind_is_told(text: str) -> None:
    assert covered(text, ALL) == PERSONAL[text]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_personal_data_stays(text: str) -> None:
    assert covered(text, ALL) == text


@dataclass(frozen=True)
class Note:
    text: str
    lines: tuple[str, ...] = ()
    count: int = 4711


def test_what_is_hidden_comes_back_and_equal_pieces_are_equal() -> None:
    veil = Veil(ALL)
    note = Note("train 4711 and train 4712, driver 10442", ("train 4711 again",))
    hidden = veil.over(note)
    assert hidden == Note("train [train_1] and train [train_2], driver [driver_1]", ("train [train_1] again",))
    assert veil.lifted(hidden.text) == note.text
    assert veil.over(Note("E73-B")) == Note("E73-B")


def test_a_placeholder_that_somebody_typed_stays_what_it_was() -> None:
    veil = Veil(ALL)
    hidden = veil.over("see [train_1]: train 4711")
    assert hidden == "see [train_1]: train [train_2]"
    assert veil.lifted(hidden) == "see [train_1]: train 4711"
    assert veil.lifted("[train_9] was invented") == "[train_9] was invented"


def test_what_is_spared_is_not_hidden_and_what_is_scrubbed_does_not_come_back() -> None:
    veil = Veil(ALL, lambda piece: "4711" in piece, masking.secrets)
    hidden = veil.over("train 4711, train 4712, password=hunter2")
    assert hidden == "train 4711, train [train_1], password=***"
    assert veil.lifted(hidden) == "train 4711, train 4712, password=***"


@pytest.mark.parametrize("size", range(1, LONGEST + 4))
def test_a_placeholder_is_put_back_wherever_the_stream_is_cut(size: int) -> None:
    veil = Veil(ALL)
    hidden = veil.over("[a] train 4711, x[10] driver 10442 [")
    lifting = Lifting(veil)
    pieces = [lifting.feed(hidden[start : start + size]) for start in range(0, len(hidden), size)]
    assert "".join([*pieces, lifting.close()]) == "[a] train 4711, x[10] driver 10442 ["


def test_no_text_waits_longer_than_a_placeholder_is_long() -> None:
    lifting = Lifting(Veil(ALL))
    fed = said = ""
    for letter in "[trainnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn [[[[ [train_ 12":
        fed += letter
        said += lifting.feed(letter)
        assert len(fed) - len(said) < LONGEST


def test_a_piece_with_a_quotation_mark_does_not_end_a_string_of_json() -> None:
    veil = Veil(patterns((), {"nick": r'"[^"]+"'}))
    assert veil.over('the "old lady" stands') == "the [nick_1] stands"
    assert Lifting(veil).feed('{"text": "[nick_1]"}') == '{"text": "\\"old lady\\""}'
    assert Lifting(veil).feed("the [nick_1]") == 'the "old lady"'


def test_logs_and_spans_take_the_patterns_of_the_settings() -> None:
    before = masking.configure(Personal(patterns(("train",), {"badge": r"B-\d{4}"})))
    try:
        assert masking.text("train 4711, B-1234, 10.1.2.3") == "train [train], [badge], 10.1.2.3"
    finally:
        masking.configure(before)
    assert masking.text("train 4711") == "train 4711"


@pytest.mark.parametrize(
    "own", [{"bad": "("}, {"Bad": "x"}, {"empty": "x*"}], ids=["no pattern", "no name", "matches nothing"]
)
def test_a_pattern_that_cannot_be_used_is_refused_at_start(own: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        TelemetrySettings(mask_patterns=own)


HOSTILE = [
    "train " * 30_000,
    "train" + " " * 200_000,
    "train no." * 20_000,
    "1." * 100_000,
    "1.1.1." * 30_000,
    "1:" * 100_000,
    "::" * 100_000,
    "a:" * 100_000,
    "a." * 100_000 + "x",
    "a" * 200_000,
    "-" * 200_000,
    "driver name " * 15_000,
    "Driver Name: " + "Aa" * 100_000,
    "Driver name: " + "A " * 100_000,
    "1.234," * 30_000,
    "km " * 60_000,
    "[train_" * 30_000,
    "ICE " * 50_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:14]))
def test_no_text_makes_it_slow(text: str) -> None:
    covered(text[: len(text) // 8], ALL)
    began = time.process_time()
    covered(text, ALL)
    veil = Veil(ALL)
    veil.lifted(veil.over(text))
    assert time.process_time() - began < 2.0  # 200 kB, twice; quadratic time would take minutes


def test_every_placeholder_is_read_again() -> None:
    longest = f"[{'x' * 20}_9999]"
    assert len(longest) <= LONGEST
    assert all(re.fullmatch("[a-z]{1,20}", name) for name in PRESETS)
