"""What each use case is told: a prompt file may ask for nothing else, and leave out nothing it must use."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

REQUIRED, OPTIONAL = "required", "optional"
STYLE: Final = "style"  # given by the prompt room itself, to whatever prompt declares it

USE_CASES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "analyze": {
            "question": REQUIRED,
            "passages": REQUIRED,
            "codes": OPTIONAL,
            "material": OPTIONAL,
            "history": OPTIONAL,
        },
        "understand": {"question": REQUIRED, "material": OPTIONAL, "history": OPTIONAL},
        "verify": {"question": REQUIRED, "passages": REQUIRED, "statements": REQUIRED},
        "summarise": {"turns": REQUIRED, "summary": OPTIONAL},
        "judge": {"question": REQUIRED, "passages": REQUIRED, "answer": REQUIRED, "reference": OPTIONAL},
    }
)


def breaches(name: str, declared: Mapping[str, str]) -> list[str]:
    """What stands against the contract; a use case of the operator's own has none."""
    given = USE_CASES.get(name)
    if given is None:
        return []
    own = {variable: kind for variable, kind in declared.items() if variable != STYLE}
    unknown = [
        f"{variable} is a variable that {name!r} is never given" for variable in sorted(own.keys() - given.keys())
    ]
    needed = [variable for variable, kind in given.items() if kind == REQUIRED]
    missing = [f"{variable} has to be declared `required`" for variable in needed if own.get(variable) != REQUIRED]
    sometimes = sorted(v for v, kind in own.items() if kind == REQUIRED and given.get(v) == OPTIONAL)
    return [*unknown, *missing, *(f"{variable} has to be `optional`: it is not always there" for variable in sometimes)]
