# title: Watching the train bus from a laptop, service script
# revision: 0.4
# valid_from: 2025-06-02
# vehicle_classes: 412, 418
# baselines: TCMS 4.2

"""Names a device that has been silent for three cycles, in the spelling that the fault tables use."""

CYCLE_MS = 32
MISSED = 3


def address(line, device):
    return f"MVB {line}/{device}"


def silent(last_seen_ms, now_ms):
    """Devices that missed three cycles; a whole line that is silent is reported once, as the line."""
    late = {key for key, seen in last_seen_ms.items() if now_ms - seen > MISSED * CYCLE_MS}
    lines = {line for line, _ in last_seen_ms}
    whole = {line for line in lines if all(key in late for key in last_seen_ms if key[0] == line)}
    devices = sorted(key for key in late if key[0] not in whole)
    return sorted(f"line {line}" for line in whole) + [address(*key) for key in devices]


# MVB 3/17 and MVB 3/7 differ by one digit: compare numbers, never the text.
