"""Foreign text goes into a prompt between lines that it cannot forge."""

import hashlib


def fenced(text: str, heading: str) -> str:
    """The fence carries a hash of what it encloses, so that no text can hold the line that closes its own fence."""
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"<<< {line(heading)} #{mark}\n{text}\n#{mark} >>>"


def line(text: str) -> str:
    """A title or section as one line, without the fence's own signs."""
    return " ".join(str(text).replace("<<<", "").replace(">>>", "").split())
