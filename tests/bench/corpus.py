"""Texts like those of a railway operator's shelf, as many as a measurement wants, the same for the same seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

SYSTEMS = {
    "DR": ("passenger door", "door control unit", "edge sensor", "locking motor", "step drive", "emergency handle"),
    "BR": ("service brake", "brake control unit", "brake pipe", "spring actuator", "wheel-slide valve", "compressor"),
    "TR": ("traction inverter", "line contactor", "DC link", "pre-charge resistor", "phase module", "cooling fan"),
    "PN": ("pantograph", "contact strip", "raising bellows", "automatic dropping device", "insulator", "roof line"),
    "AX": ("axle counter", "wheel detector", "evaluation unit", "rail clamp", "junction box", "counting head"),
    "PT": ("point machine", "detection slide", "lock piece", "throw bar", "drive clutch", "heater rod"),
    "TC": ("track circuit", "impedance bond", "tuning unit", "receiver relay", "rail joint", "feed transformer"),
    "ON": ("vital computer", "balise reader", "odometer", "radio modem", "driver display", "juridical recorder"),
}
SIGNS = """does not report its end position; trips shortly after start; shows a short interruption under load
reports an implausible value; answers too late on the bus; stays in its last state; drops out in wet weather
overheats on long gradients; loses its supply for an instant; counts once too often; fails its self test"""
CAUSES = """a corroded plug contact; water in the cable gland; a worn carbon brush; a loose earth strap
an aged capacitor; hardened grease; a wrong parameter set; a cracked housing; a blocked filter; a bent bracket
a chafed harness; interference from the return current; a failed supply module"""
CURES = """clean the contact and close it until it latches; dry the gland and renew the seal; renew the brush
tighten the strap and record the resistance; swap the module and note its serial number; renew the grease
load the released parameter set and compare the checksum; renew the housing; renew the filter element
align the bracket with the gauge; renew the harness section and route it clear; fit the specified choke"""
PLACES = """depot north; depot harbour; line 3; line 7; the yard; km 12; km 48; the west junction; set 21"""


def listed(text: str) -> list[str]:
    return text.replace("\n", "; ").split("; ")


@dataclass(frozen=True)
class Section:
    text: str
    defines: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    name: str
    code: str
    sections: tuple[Section, ...]
    symptom: str  # a question in other words than the sections use


def documents(chunks: int, seed: int = 1) -> Iterator[Made]:
    """Five sections a document."""
    for number in range(chunks // 5):
        yield _document(random.Random(seed * 1_000_003 + number), number)


def _document(dice: random.Random, number: int) -> Made:
    prefix, parts = dice.choice(list(SYSTEMS.items()))
    code = f"{prefix}-{1000 + number}"
    part, other = dice.sample(parts, 2)
    sign, cause, cure = dice.choice(listed(SIGNS)), dice.choice(listed(CAUSES)), dice.choice(listed(CURES))
    low, high, place = dice.randint(1, 40), dice.randint(41, 900), dice.choice(listed(PLACES))
    seen = f"{prefix}-{1000 + dice.randrange(max(number, 1))}"
    texts = (
        f"Fault {code}: {part}. Meaning: the {part} {sign}. Reported by the {other} at {place} with priority "
        f"{dice.choice('ABC')}; it is set after {low} events within {high} seconds and cleared by a restart.",
        f"Cause of {code}. Most often {cause} at the {part}, or {dice.choice(listed(CAUSES))} near the {other}. "
        f"In {low} of {high} cases of the last year the {parts[0]} was opened without need at {place}.",
        f"Test for {code}. Measure between terminal {low} and terminal {low + 3} of the {part}: the value must lie "
        f"between {low} and {high} ohm. If it does not, part the {other} and measure again before any further step.",
        f"Remedy for {code}. {cure.capitalize()}. Then operate the {part} {dice.randint(3, 20)} times at {place} and "
        f"read the memory: {code} must not come back within {high} minutes. Sign sheet {dice.randint(1, 99999)}.",
        f"Log of {place}. 0{dice.randint(1, 9)}:{dice.randint(10, 59)} {code} raised; {seen} raised {low} ms later as "
        f"a consequence; counter {high}; {part} state {dice.randint(0, 7)}, {other} state {dice.randint(0, 7)}.",
    )
    defined = [Section(text, defines=(code,), codes=(code,)) for text in texts[:4]]
    sections = (*defined, Section(texts[4], codes=(code, seen)))
    symptom = f"At {place} the {part} {sign}; we suspect {cause}, what shall we check on the {other}?"
    return Made(f"{prefix.lower()}/{number:06}.md", code, sections, symptom)
