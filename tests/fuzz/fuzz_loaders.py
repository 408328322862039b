"""A loader under coverage-guided fuzzing: `python -m tests.fuzz.fuzz_loaders .html -max_total_time=60 [corpus]`.

Needs atheris (`pip install atheris`), which is no part of the lock. A finding is written to `crash-*` beside it.
"""

import io
import sys
import tempfile
import zipfile
from pathlib import Path


def main() -> None:
    import atheris

    with atheris.instrument_imports(include=["app.ingest"]):
        from tests.ingest.invariants import check
        from tests.ingest.papers import docx, rezipped
        from tests.ingest.test_any_file import BINARIES, TEXTS
    suffix, *words = sys.argv[1:]
    if not [word for word in words if not word.startswith("-")]:
        corpus = Path(tempfile.mkdtemp())
        seed = BINARIES.get(suffix) or TEXTS[suffix].encode()
        if suffix == ".docx":
            with zipfile.ZipFile(io.BytesIO(seed)) as package:
                seed = package.read("word/document.xml")
        (corpus / f"seed{suffix}").write_bytes(seed)
        words.append(str(corpus))
    word = docx()

    def one(content: bytes) -> None:
        """Of a DOCX the text's XML is tampered with: an archive would only break."""
        check(suffix, rezipped(word, document=content) if suffix == ".docx" else content)

    atheris.Setup([sys.argv[0], *words], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
