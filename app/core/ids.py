"""Identifiers: time-ordered for runs, content-addressed for chunks."""

import hashlib
import re
import time

from app.core.errors import InvalidInput

KB = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def run_id() -> str:
    """A UUIDv7 (RFC 9562): sorts by time of birth."""
    import uuid_utils

    return str(uuid_utils.uuid7())


def document_id(kb: str, path: str) -> str:
    return f"{kb}/{path}"


def chunk_id(document: str, revision: str, start: int, end: int, text: str) -> str:
    seed = "\x1f".join((document, revision, str(start), str(end), text))
    return hashlib.sha256(seed.encode()).hexdigest()[:16]


def text_hash(text: str) -> str:
    """Keys a vector together with the name of the model that made it."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def kb_slug(name: str) -> str:
    if not KB.fullmatch(name):
        raise InvalidInput(
            f"{name!r} is no name for a knowledge base.",
            hint="Use 1 to 63 lower-case letters, digits and hyphens, beginning with a letter or digit.",
        )
    return name


def now() -> float:
    """Seconds since the epoch; rows carry it as a number so that both databases compare it alike."""
    return time.time()
