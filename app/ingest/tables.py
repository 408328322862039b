"""Which first row of a table names its columns."""

import re
from collections.abc import Sequence

from app.faults import codes, roles

NUMBER = re.compile(r"[-+]?(?:0x[0-9a-f]+|\d[\d.,]*)(?:\s*[%°Ω]?[A-Za-z/]{0,5})", re.IGNORECASE)
LONGEST_NAME = 60  # characters of a column's name; a longer first cell is data


def is_head(cells: Sequence[str]) -> bool:
    """Names are short, distinct, and neither numbers nor fault codes; a name that we know settles it."""
    names = [cell.strip() for cell in cells if cell.strip()]
    if is_known(names):
        return not any(codes.find(name) for name in names)
    plain = all(len(name) <= LONGEST_NAME and not NUMBER.fullmatch(name) and not codes.find(name) for name in names)
    return plain and len(set(names)) == len(names)


def is_known(names: Sequence[str]) -> bool:
    return any(roles.is_code_column(name) or roles.of_column(name) for name in names if len(name) <= LONGEST_NAME)
