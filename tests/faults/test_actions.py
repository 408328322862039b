"""A step is classed by the most critical thing that it says to do."""

import pytest

from app.faults.actions import classify


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("Read the event recorder.", "observe"),
        ("Look at the LED on the door control unit.", "observe"),
        ("Inspect the hose for chafing.", "observe"),
        ("Something without a verb", "observe"),
        ("Measure the brake cylinder pressure.", "measure"),
        ("Check the supply voltage at X4.", "measure"),
        ("Test the insulation at 500 V.", "measure"),
        ("Replace the transducer.", "replace"),
        ("Clean the contacts and adjust the lock detector.", "replace"),
        ("Renew the bond and tighten the bolt to 45 Nm.", "replace"),
        ("Bypass the door loop with the sealed switch.", "isolate"),
        ("Cut out the bogie.", "isolate"),
        ("Isolate the brake of this car, then measure the pressure.", "isolate"),
        ("Lock out the crossing.", "isolate"),
        ("Disable the channel.", "isolate"),
        ("Close the isolating cock B12.", "isolate"),
        ("Switch the converter off and inspect it.", "isolate"),
        ("Move the train to the depot.", "operate"),
        ("Reset the axle counter.", "operate"),
        ("Release the brake.", "operate"),
        ("Release all brakes by hand", "operate"),
        ("Run at reduced speed.", "operate"),
        ("Have the signaller authorise the movement.", "operate"),
        ("Operate the points three times.", "operate"),
        ("Isolate the door and run at 40 km/h.", "operate"),
        ("If no fault is found, isolate the door.", "isolate"),
        ("Do not wait: isolate the door.", "isolate"),
        ("Close the main reservoir cocks car by car.", "isolate"),
        ("Take the unit out of passenger service.", "isolate"),
        ("Have the signaller close the section to traffic.", "operate"),
        ("Set the handle back with the square key.", "replace"),
        ("Enter the measured wheel diameter.", "replace"),
    ],
)
def test_the_most_critical_verb_wins(text: str, action: str) -> None:
    assert classify(text) == action


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("Do not isolate the brake.", "observe"),
        ("Never reset the axle counter; read its log.", "observe"),
        ("Do not bypass or isolate the loop.", "observe"),
        ("Replace the relay without isolating the feeder.", "replace"),
        ("The loop must not be bypassed; measure it.", "measure"),
        ("Do not reset it, but isolate the door.", "isolate"),
    ],
)
def test_what_is_forbidden_is_not_done(text: str, action: str) -> None:
    assert classify(text) == action


@pytest.mark.parametrize(
    "text",
    [
        "Check that the isolating cock is open.",
        "Read the reset counter.",
        "Look whether the bypass switch is sealed.",
        "Look whether the code comes back after a reset.",
        "Look whether the thermal cut-out has tripped.",
    ],
)
def test_the_name_of_a_thing_is_no_deed(text: str) -> None:
    assert classify(text) == "observe"
