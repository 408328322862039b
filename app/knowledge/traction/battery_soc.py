# title: Rest-voltage table of the traction battery, bench script
# revision: 2.5
# valid_from: 2026-04-01
# vehicle_classes: 425
# baselines: BMS 2.5

"""Compares the charge that the battery management shows with the table of rest voltages."""

REST_VOLTAGE = [(3.42, 10), (3.55, 25), (3.63, 40), (3.71, 55), (3.82, 70), (3.96, 85), (4.10, 97)]
TOLERANCE_PERCENT = 6  # above it the battery management reports BAT-2710
SPREAD_LIMIT_MV = 40   # after one hour of rest; above it BAT-2701


def charge_of(volts):
    """Linear between the rows of the table; outside it the nearest row counts."""
    below = [row for row in REST_VOLTAGE if row[0] <= volts] or REST_VOLTAGE[:1]
    above = [row for row in REST_VOLTAGE if row[0] >= volts] or REST_VOLTAGE[-1:]
    (low, charge_low), (high, charge_high) = below[-1], above[0]
    if high == low:
        return charge_low
    return charge_low + (charge_high - charge_low) * (volts - low) / (high - low)


def verdict(cells, shown_percent):
    """Which of the two messages is to be expected for these rest voltages of one string."""
    spread = (max(cells) - min(cells)) * 1000
    if spread > SPREAD_LIMIT_MV:
        return "BAT-2701"
    mean = sum(cells) / len(cells)
    return "BAT-2710" if abs(charge_of(mean) - shown_percent) > TOLERANCE_PERCENT else "ok"
