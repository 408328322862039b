"""Quantities are read as engineers write them, and compared whatever their units."""

import time

import pytest

from app.faults.units import Quantity, quantities, same


def one(text: str) -> Quantity:
    (quantity,) = quantities(text)
    return quantity


@pytest.mark.parametrize(
    ("text", "value", "unit", "canonical"),
    [
        ("5 bar", 5, "bar", 5e5),
        ("4,85 bar", 4.85, "bar", 4.85e5),
        ("500 V", 500, "V", 500),
        ("< 50 ms", 50, "ms", 0.05),
        ("-20 °C", -20, "°C", -20),
        ("−20 °C", -20, "°C", -20),
        ("+70 °C", 70, "°C", 70),
        ("±0.2 bar", 0.2, "bar", 2e4),
        ("3 mm", 3, "mm", 0.003),
        ("3mm", 3, "mm", 0.003),
        ("10 kΩ", 10, "kΩ", 1e4),
        ("10 kOhm", 10, "kOhm", 1e4),
        ("60 km/h", 60, "km/h", 60 / 3.6),
        ("15 %", 15, "%", 15),
        ("1,500 V", 1500, "V", 1500),
        ("1\u202f500 V", 1500, "V", 1500),
        ("1'500 V", 1500, "V", 1500),
        ("0,500 s", 0.5, "s", 0.5),
        ("12,345.5 N", 12345.5, "N", 12345.5),
        ("110 V DC", 110, "V", 110),
        ("25 kv", 25, "kv", 25000),
        ("7 Bar", 7, "Bar", 7e5),
        ("2 mV", 2, "mV", 0.002),
        ("2 MV", 2, "MV", 2e6),
        ("45 Nm", 45, "Nm", 45),
        ("300 K", 300, "K", 26.85),
        ("212 °F", 212, "°F", 100),
        ("ninety, then 90 seconds.", 90, "seconds", 90),
        ("p=4.8bar;", 4.8, "bar", 4.8e5),
        ("ub:98V", 98, "V", 98),
        ("closed,30 V,open", 30, "V", 30),
        ("1.2 m/s²", 1.2, "m/s²", 1.2),
        ("3 times", 3, None, 3),
        ("after 5.", 5, None, 5),
        ("2 a day", 2, None, 2),
        ("1500 volts", 1500, "volts", 1500),
    ],
)
def test_a_number_is_read_with_its_unit(text: str, value: float, unit: str | None, canonical: float) -> None:
    quantity = one(text)
    assert (quantity.value, quantity.unit) == (value, unit)
    assert quantity.canonical_value == pytest.approx(canonical)
    assert text[quantity.start : quantity.end].strip("+±<") != ""


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("4.8 to 5.2 bar", [4.8, 5.2]),
        ("4.8–5.2 bar", [4.8, 5.2]),
        ("4.8-5.2 bar", [4.8, 5.2]),
        ("between 4.8 and 5.2 bar", [4.8, 5.2]),
        ("5.0 ± 0.2 bar", [5.0, 0.2]),
        ("5.0 +/- 0.2 bar", [5.0, 0.2]),
        ("4,8 bis 5,2 bar", [4.8, 5.2]),
        ("4.8..5.2 bar", [4.8, 5.2]),
    ],
)
def test_a_range_lends_its_unit_to_both_ends(text: str, values: list[float]) -> None:
    found = quantities(text)
    assert [q.value for q in found] == values
    assert {q.unit for q in found} == {"bar"}


def test_a_range_may_begin_below_zero() -> None:
    assert [q.canonical_value for q in quantities("from -40 to +70 °C")] == [-40, 70]


@pytest.mark.parametrize(
    "text",
    [
        "E73-B and TC-1042, SIG_0x1F on MVB 3/17",
        "1. Check the valve.",
        "  2) Check the valve.",
        "as stated [2] and [c1], also [c1, c2]",
        "version 3.14.2 at 10.12.3.4",
        "on 2026-03-14 at 06:12:44.120, or 14.03.2026, or 9 February 2026",
        "relay K23, terminal X4, register 0x1F, part 4410-1042-02, 0073-B-9981, BCU-2, bulletin 24/07",
        "",
    ],
)
def test_codes_marks_dates_and_names_are_no_quantities(text: str) -> None:
    assert quantities(text) == ()


def test_steps_numbered_within_a_table_cell_leave_their_quantities() -> None:
    found = quantities("worn,1. Check the supply of 24 V. 2. Wait 30 s. 3. Read E73-B twice; 5 bar")
    assert [(q.value, q.unit) for q in found] == [(24, "V"), (30, "s"), (5, "bar")]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("5 bar", "500 kPa"),
        ("5 bar", "0.5 MPa"),
        ("50 ms", "0.05 s"),
        ("1,500 V", "1.5 kV"),
        ("0 V", "0 mV"),
        ("7", "7.0"),
    ],
)
def test_equal_amounts_are_the_same_whatever_their_units(a: str, b: str) -> None:
    assert same(one(a), one(b))


@pytest.mark.parametrize(
    ("a", "b"),
    [("5 bar", "5.1 bar"), ("5 bar", "5"), ("5 bar", "5 V"), ("20 °C", "-20 °C"), ("5 mV", "5 MV"), ("0 V", "1 mV")],
)
def test_other_amounts_and_other_dimensions_are_not(a: str, b: str) -> None:
    assert not same(one(a), one(b))


def test_a_tolerance_may_be_asked_for() -> None:
    assert same(one("5 bar"), one("5.1 bar"), tolerance=0.05)


def test_every_span_holds_its_number() -> None:
    text = "Pressure 4.8 to 5.2 bar within 50 ms at -20 °C, and 3 tries"
    assert [text[q.start : q.end] for q in quantities(text)] == ["4.8", "5.2 bar", "50 ms", "-20 °C", "3"]


def test_a_decimal_without_its_leading_zero_is_left_alone_rather_than_read_tenfold() -> None:
    assert quantities(".5 bar") == ()


def test_a_log_of_many_thousand_lines_is_gone_through_once() -> None:
    text = "2026-03-14 06:12:41 TCU INFO cylinder 3.2 bar, supply 72 V\n" * 6_000
    begun = time.perf_counter()
    assert len(quantities(text)) == 12_000
    assert time.perf_counter() - begun < 10  # a second, or half a minute when each number is held against each time
