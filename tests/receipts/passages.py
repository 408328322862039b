"""Passages as ingest cuts them, written by hand."""

from app.core.document import Part, Passage, Role

BRAKE = """## E73-B Brake pipe pressure low

The brake control unit saw the brake pipe below 4.2 bar for 3 s.

Causes:
- A leaking coupling hose between the vehicles.
- The driver's brake valve does not close.

Checks:
1. Read the brake pipe gauge; it must show 5.0 bar ± 0.1 bar.
2. Listen for air at the couplings.
3. If the pressure falls by more than 0.3 bar in 60 s, replace the coupling hose.
4. Isolate the vehicle with cock A13 before the hose is removed.

Do not open cock A12 while the train moves.
"""


def passage(
    text: str,
    marks: list[tuple[Role, str]] | None = None,
    *,
    name: str = "p1",
    start: int = 0,
    defines: tuple[str, ...] = (),
    codes: tuple[str, ...] = (),
    superseded_by: str | None = None,
    document: str = "main/brakes.md",
    section: str = "Brakes",
    score: float = 1.0,
) -> Passage:
    """`marks` are (role, the exact text of a part), in the order of the text."""
    parts: list[Part] = []
    at = 0
    for role, piece in marks or []:
        at = text.index(piece, at)
        parts.append(Part(role, start + at, start + at + len(piece)))
        at += len(piece)
    return Passage(
        id=name,
        document_id=document,
        source=document.split("/", 1)[1],
        title="Brake handbook",
        section=section,
        revision="C",
        superseded_by=superseded_by,
        start=start,
        end=start + len(text),
        line=10,
        text=text,
        role="narrative",
        parts=tuple(parts),
        codes=codes or defines,
        defines=defines,
        score=score,
    )


BRAKE_PARTS: list[tuple[Role, str]] = [
    ("definition", "The brake control unit saw the brake pipe below 4.2 bar for 3 s."),
    ("cause", "- A leaking coupling hose between the vehicles."),
    ("cause", "- The driver's brake valve does not close."),
    ("test", "1. Read the brake pipe gauge; it must show 5.0 bar ± 0.1 bar."),
    ("test", "2. Listen for air at the couplings."),
    ("remedy", "3. If the pressure falls by more than 0.3 bar in 60 s, replace the coupling hose."),
    ("remedy", "4. Isolate the vehicle with cock A13 before the hose is removed."),
    ("warning", "Do not open cock A12 while the train moves."),
]


def brake(**changes: object) -> Passage:
    return passage(BRAKE, BRAKE_PARTS, **{"defines": ("E73-B",), "start": 200, **changes})  # type: ignore[arg-type]
