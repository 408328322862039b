"""The knowledge that every service of this benchmark holds: the same chunks, questions, vectors and prompt."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 384
SECTIONS = ("Meaning", "Causes", "Tests", "Remedy", "Log")  # one chunk each
TOKEN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

PARTS = (
    "door drive", "brake valve", "axle counter", "point machine", "traction inverter", "pantograph", "track circuit",
    "train bus node", "battery charger", "compressor", "balise antenna", "wheel sensor", "air dryer", "line contactor",
)  # fmt: skip
SIGNS = (
    "reports a lost position", "answers too late", "shows a low insulation value", "draws too much current",
    "drops out after a restart", "sends telegrams with wrong check sums", "runs hot in the afternoon",
    "changes state without a command", "does not reach its end position", "loses supply while coasting",
)  # fmt: skip
CAUSES = (
    "a corroded plug at the bogie", "a worn carbon strip", "water in the cable joint", "a loose earth strap",
    "an aged capacitor in the supply", "hardened grease on the spindle", "a wrong parameter set after the exchange",
    "a pinched harness behind the panel", "dirt on the optical head", "a cracked solder joint on the relay board",
)  # fmt: skip
TESTS = (
    "measure the supply at the input terminals", "compare the counter with the log of the neighbour",
    "read the status word while the part moves", "measure the insulation against the car body",
    "watch the current of one full stroke", "count the telegrams of one minute",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk as the peers keep it; ours cuts its own from the same files."""

    id: str
    source: str
    text: str


def code(number: int) -> str:
    return f"E{100 + number // 4}-{'ABCD'[number % 4]}"


def document(number: int) -> list[str]:
    """The five sections of one fault; about 600 characters each."""
    pick = Random(number)
    part, sign, cause, test = pick.choice(PARTS), pick.choice(SIGNS), pick.choice(CAUSES), pick.choice(TESTS)
    volts, name = pick.randint(18, 118), code(number)
    body = {
        "Meaning": f"{name} is stored when the {part} {sign} for longer than {pick.randint(2, 90)} s.",
        "Causes": f"The most frequent cause of {name} is {cause}. It was found in {pick.randint(3, 60)} of 80 cases.",
        "Tests": f"For {name} {test}. At least {volts} V must stand there with the {part} under load.",
        "Remedy": f"Refit the {part}, then delete {name} from the memory and prove {pick.randint(3, 9)} cycles.",
        "Log": f"Unit {pick.randint(100, 999)} stored {name} at km {pick.randint(1, 400)}, {volts - 3} V at the input.",
    }
    return [f"## {section}: {name} {part}\n\n{text}\n\n{_more(pick)}\n" for section, text in body.items()]


def _more(pick: Random) -> str:
    """Sentences that could stand anywhere: what makes search work for its hits."""
    return " ".join(
        f"Where the {pick.choice(PARTS)} {pick.choice(SIGNS)}, look for {pick.choice(CAUSES)} first"
        f" and {pick.choice(TESTS)}."
        for _ in range(4)
    )


def pieces(count: int) -> Iterator[Piece]:
    for number in range(count // len(SECTIONS)):
        for section, text in zip(SECTIONS, document(number), strict=True):
            yield Piece(f"{code(number)}/{section}", f"{code(number)}.md", text)


def write(folder: Path, count: int) -> None:
    """The same as files, which ours ingests."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count // len(SECTIONS)):
        text = "\n".join([f"# {code(number)}\n", *document(number)])
        (folder / f"{code(number)}.md").write_text(text, encoding="utf-8")


def asked(question: str) -> str:
    return next(word for word in TOKEN.findall(question.lower()) if "-" in word).upper()


@lru_cache(maxsize=1024)
def cause(name: str) -> str:
    """The sentence that answers for a code, as it stands on the shelf."""
    number = 4 * (int(name[1:-2]) - 100) + "ABCD".index(name[-1])
    return next(line for line in document(number)[1].splitlines() if line.startswith("The most")).split(". ")[0] + "."


def questions(count: int, how_many: int = 256) -> list[str]:
    ask = (
        "What does {} mean?",
        "What is the most frequent cause of {} and how do I prove it?",
        "{} was stored twice today, which test comes first?",
        "How is {} repaired, and what must hold afterwards?",
    )
    pick = Random(0)
    return [pick.choice(ask).format(code(pick.randrange(count // len(SECTIONS)))) for _ in range(how_many)]


@lru_cache(maxsize=200_000)
def _slots(token: str) -> tuple[tuple[int, float], ...]:
    digest = hashlib.blake2b(token.encode(), digest_size=12).digest()
    values = [int.from_bytes(digest[at : at + 3], "big") for at in (0, 3, 6, 9)]
    return tuple((value % DIMENSIONS, 1.0 if value >> 23 else -1.0) for value in values)


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """Signed feature hashing of the words, rows of length one: an embedding that costs next to nothing."""
    vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    for vector, text in zip(vectors, texts, strict=True):
        for token in TOKEN.findall(text.lower()):
            weight = 12.0 if token[-2:-1] == "-" else 1.0  # a code says more than a word
            for slot, sign in _slots(token):
                vector[slot] += sign * weight
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    normed: NDArray[np.float32] = vectors / np.maximum(norms, 1e-9)
    return normed


class Index:
    """The peers' search: brute force over one matrix, nothing between it and numpy."""

    def __init__(self, count: int) -> None:
        self.pieces = list(pieces(count))
        self.matrix = encode([piece.text for piece in self.pieces])

    def search(self, question: str, k: int = 5) -> list[tuple[float, Piece]]:
        scores = self.matrix @ encode([question])[0]
        best = np.argpartition(scores, -k)[-k:]
        return [(float(scores[i]), self.pieces[i]) for i in best[np.argsort(-scores[best])]]


SYSTEM = "You find faults in railway control systems. Use the numbered passages alone and cite them as [n]."


def prompt(question: str, hits: Sequence[tuple[float, Piece]]) -> str:
    passages = "\n\n".join(f"[{n}] {piece.source}\n{piece.text}" for n, (_, piece) in enumerate(hits, start=1))
    return f"Passages:\n\n{passages}\n\nQuestion: {question}"


class HashEmbedder:
    """The same embedding in the shape that ours takes."""

    model = f"hash-{DIMENSIONS}"
    dimensions = DIMENSIONS
    remote = False

    def load(self) -> None: ...
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return encode(texts)
