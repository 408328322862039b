"""A loader under hypothesis, for as long as asked: `python -m tests.fuzz.random_loaders .html 600`.

Each round is the suite's own tampering with a new seed; the first finding is shown, minimised, and ends it.
"""

import sys
import time
from collections.abc import Callable

from hypothesis import given, seed, settings
from hypothesis import strategies as st

from tests.ingest.invariants import check
from tests.ingest.papers import rezipped
from tests.ingest.test_any_file import BINARIES, DOCUMENT, KEPT, PIECES, SIGNS, TEXTS, WORD, spliced

SOME_BYTES = st.text(alphabet=SIGNS, max_size=12).map(lambda text: text.encode("utf-8", "replace")) | st.binary(
    max_size=8
)
ROUND = settings(KEPT, max_examples=500, derandomize=False, database=None)


def edited(valid: bytes, piece: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    edit = st.tuples(st.integers(0, len(valid)), st.integers(0, 80), piece)
    return st.lists(edit, max_size=8).map(lambda edits: spliced(valid, edits))


def contents(suffix: str) -> list[st.SearchStrategy[bytes]]:
    if suffix == ".docx":
        in_xml = edited(DOCUMENT, st.sampled_from(PIECES) | st.binary(max_size=8))
        return [edited(WORD, st.binary(max_size=12)), in_xml.map(lambda xml: rezipped(WORD, document=xml))]
    if suffix in BINARIES:
        return [edited(BINARIES[suffix], SOME_BYTES)]
    anything = (st.text() | st.text(alphabet=SIGNS, max_size=400)).map(lambda text: text.encode("utf-8", "replace"))
    return [anything, edited(TEXTS[suffix].encode(), SOME_BYTES)]


def main() -> None:
    suffix, seconds = sys.argv[1], float(sys.argv[2])
    until, files = time.monotonic() + seconds, 0

    def one(content: bytes) -> None:
        nonlocal files
        files += 1
        check(suffix, content)

    number = 0
    while time.monotonic() < until:
        for strategy in contents(suffix):
            number += 1
            _round(strategy, number)(one)
    print(f"{suffix}: {files} files in {seconds:.0f} s, nothing found")


def _round(strategy: st.SearchStrategy[bytes], number: int) -> Callable[[Callable[[bytes], None]], None]:
    def run(one: Callable[[bytes], None]) -> None:
        @seed(number)
        @ROUND
        @given(content=strategy)
        def each(content: bytes) -> None:
            one(content)

        each()

    return run


if __name__ == "__main__":
    main()
