"""A grammar proposed from a list of codes: what their spellings have in common, as a table of a grammars file."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.core.errors import InvalidInput
from app.faults.codes import find
from app.faults.grammars import DASHES, SPACES, Grammar, parse
from app.faults.scan import Scan, build

PIECE = re.compile(rf"0x[0-9A-F]+|[A-Z]+|[0-9]+|[{SPACES}{DASHES}]+|.", re.IGNORECASE | re.DOTALL)
JOINT = re.compile(rf"[{SPACES}{DASHES}]*")
FEWEST = 2  # codes that make a form; a lone one may be a slip of the pen
LEAST = 0.05  # share of the list that a form must have
SPOKEN = 4  # digits from which on a prefix and a number may stand apart by a blank
SHOWN = 6  # examples of a table
PLAIN = frozenset("LDX./:+#")  # what a code may be made of: letters, digits, hexadecimal numbers and these signs
LETTERS = "abcdefghijklmnopqrstuvwxyz"
BARE = "They are bare numbers, and a number may be anything: write them with a word or letters, as in `F-1042`."


@dataclass(frozen=True, slots=True)
class Proposal:
    """`toml` as it would stand in a grammars file; `already` are read without it, `unread` also with it."""

    toml: str
    grammars: tuple[Grammar, ...]
    read: Mapping[str, str]  # as listed -> canonical
    already: tuple[str, ...]
    unread: tuple[str, ...]


Pieces = tuple[str, ...]  # of a code, the joints between them left out
Forms = dict[str, dict[Pieces, list[str]]]  # form -> pieces -> the codes as they are listed


def propose(listed: Iterable[str], name: str, vendor: str) -> Proposal:
    """Raises `InvalidInput` when the list has no form that could be told from other words."""
    codes = list(dict.fromkeys(code for cell in listed if (code := cell.strip())))
    already = [code for code in codes if _is_read(code)]
    rest = [code for code in codes if code not in already]
    forms = _forms(codes, rest)
    tables = [_table(_named(name, at), vendor, form) for at, form in enumerate(forms)]
    toml = "\n".join(filter(None, tables))
    grammars = parse(toml, "proposal")
    read = dict(_read(rest, build(grammars))) if grammars else {}
    if rest and not read:
        bare = all(code.isdigit() for code in rest)
        why = BARE if bare else f"There is no form that at least {FEWEST} of {', '.join(rest[:3])} … share."
        raise InvalidInput(f"No grammar can be proposed. {why}", hint="Name the column that holds the codes.")
    return Proposal(toml, grammars, read, tuple(already), tuple(code for code in rest if code not in read))


def _is_read(code: str) -> bool:
    return [mention.spelled for mention in find(code)] == [code]


def _read(codes: Iterable[str], scan: Scan) -> Iterator[tuple[str, str]]:
    for code in codes:
        if match := scan.regex.fullmatch(code):
            yield code, scan.read(match)[0]


def _forms(codes: Sequence[str], wanted: Sequence[str]) -> list[dict[Pieces, list[str]]]:
    """What enough codes have in common, the most frequent first, if it reads any that is not read yet."""
    forms: Forms = defaultdict(lambda: defaultdict(list))
    for code in codes:
        pieces = tuple(piece for piece in PIECE.findall(code) if not JOINT.fullmatch(piece))
        forms["".join(map(_kind, pieces))][pieces].append(code)
    least = max(FEWEST, LEAST * len(codes))
    kept = [form for key, form in forms.items() if key[:1] in ("L", "X") and {*key} & {*"DX"} and {*key} <= PLAIN]
    frequent = [form for form in kept if sum(map(len, form.values())) >= least]
    open_ones = [form for form in frequent if any(code in wanted for spelled in form.values() for code in spelled)]
    return sorted(open_ones, key=lambda form: -sum(map(len, form.values())))


def _kind(piece: str) -> str:
    if piece[:2].lower() == "0x" and len(piece) > 2:
        return "X"
    return "D" if piece.isdigit() else "L" if piece.isalpha() else piece


def _named(name: str, at: int) -> str:
    slug = "-".join(re.findall("[a-z]+", name.lower())) or "own"
    return f"{slug}-codes" if at == 0 else f"{slug}-codes-{LETTERS[at % len(LETTERS)]}"


def _table(name: str, vendor: str, form: Mapping[Pieces, Sequence[str]]) -> str:
    columns = list(zip(*form, strict=True))
    kinds = [_kind(column[0]) for column in columns]
    groups = {LETTERS[at]: _spelled(kind, columns[at]) for at, kind in enumerate(kinds) if kind in "LDX"}
    pattern = _part(kinds[0], columns[0], 0)
    canonical = _slot(kinds[0], 0)
    spelled = [code for codes in form.values() for code in codes]
    for (before, after), at in zip(pairwise(kinds), range(1, len(kinds)), strict=True):
        joints = Counter(_joint(pieces, at, code) for pieces, codes in form.items() for code in codes)
        pattern += _between(before, after, columns[at - 1], columns[at], joints) + _part(after, columns[at], at)
        canonical += joints.most_common(1)[0][0] + _slot(after, at)
    examples = list(_examples(pattern, canonical, groups, spelled))
    kept = [f'{group} = "{kind}"' for group, kind in groups.items()]
    if not examples:  # begins with more letters than a code may, or with none
        return ""
    return "\n".join(
        [
            f"[{name}]",
            f"vendor = {json.dumps(vendor, ensure_ascii=False)}",
            f"pattern = '{pattern}'",
            f"canonical = {json.dumps(canonical, ensure_ascii=False)}",
            f"groups = {{ {', '.join(kept)} }}",
            f"counter = {json.dumps([f'{code}-9' for code in spelled[:1]], ensure_ascii=False)}",
            f"[{name}.examples]",
            *examples,
            "",
        ]
    )


def _examples(pattern: str, canonical: str, groups: Mapping[str, str], spelled: Sequence[str]) -> Iterator[str]:
    """Some of the list, each as listed and in lower case."""
    trial = Grammar("trial", "any", pattern, canonical, groups, {}, ())
    scan, told = build([trial]), dict[str, str]()
    for code in spelled:
        told |= dict(_read((code, code.lower()), scan))
        if len(told) >= SHOWN:
            break
    yield from (f"{json.dumps(way, ensure_ascii=False)} = {json.dumps(code)}" for way, code in told.items())


def _joint(pieces: Pieces, at: int, code: str) -> str:
    """What stands before a piece in a code as it is listed: nothing, a blank, or a dash of some kind."""
    place = 0
    for piece in pieces[:at]:
        place = code.index(piece, place) + len(piece)
    joint = code[place : code.index(pieces[at], place)]
    return "" if not joint else " " if not joint.strip(SPACES) else "_" if joint == "_" else "-"


def _between(before: str, after: str, left: Sequence[str], right: Sequence[str], joints: Mapping[str, int]) -> str:
    """Where letters and digits meet a joint may be left out; two numbers would run together without it."""
    if before not in "LDX" or after not in "LDX":
        return " ?" if " " in joints else ""
    if before == after:
        return "<gap>" if " " in joints else "<dash>"
    clear = before == "L" and min(map(len, left)) > 1 and (after == "X" or min(map(len, right)) >= SPOKEN)
    return "<gap>?" if clear or " " in joints else "<dash>?"


def _part(kind: str, column: Sequence[str], at: int) -> str:
    """A prefix must be one of those listed; a number or a suffix may be another, or an unknown code were no code."""
    if kind not in "LDX":
        return re.escape(column[0])
    sizes = [len(value) - 2 * (kind == "X") for value in column]
    many = f"{{{min(sizes)},{max(sizes)}}}" if min(sizes) < max(sizes) else f"{{{sizes[0]}}}"
    if kind == "X":
        return f"<0x>(?P<{LETTERS[at]}>[0-9A-F]{many})"
    if kind == "D":
        return rf"(?P<{LETTERS[at]}>\d{many})"
    listed = "|".join(sorted({value.upper() for value in column}, key=lambda value: (-len(value), value)))
    return f"(?P<{LETTERS[at]}>{listed if at == 0 else f'[A-Z]{many}'})"


def _slot(kind: str, at: int) -> str:
    return {"X": f"0x{{{LETTERS[at]}}}"}.get(kind, f"{{{LETTERS[at]}}}") if kind in "LDX" else kind


def _spelled(kind: str, column: Sequence[str]) -> str:
    if kind == "X":
        return "upper" if len({len(value) for value in column}) == 1 else "hex"
    return "digits" if kind == "D" else "upper"
