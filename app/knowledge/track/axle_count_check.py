# title: Check of two axle counter ends against each other, bench script
# revision: 1.1
# valid_from: 2026-02-23
# baselines: AC 6

"""Replays the counts of both ends of a section and says which message the evaluator should have raised."""

from dataclasses import dataclass


@dataclass
class Passage:
    seconds: float
    axles_in: int
    axles_out: int


def replay(passages):
    """Counts per section; a negative balance is a fault of its own and stops the replay."""
    balance = 0
    for passage in passages:
        balance += passage.axles_in - passage.axles_out
        if balance < 0:
            return "AXC-4301", passage.seconds
    return ("AXC-4101", passages[-1].seconds) if balance else ("", 0.0)


def currents_plausible(system_1_ma, system_2_ma):
    """System 2 of a sensor draws less than system 1; a swap of both plugs is found this way."""
    return 4.6 <= system_1_ma <= 5.2 and 4.1 <= system_2_ma <= 4.9
