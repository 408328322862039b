"""A lock on a file, held by one process; the system lets go of it when that process dies, however it dies."""

import fcntl
import os
from pathlib import Path

from app.core.errors import Conflict, RecordsUnavailable


class FileLock:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def take(self, *, wait: bool = False) -> None:
        """Raises `Conflict` when another process holds it and we do not wait."""
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise RecordsUnavailable(f"{self.path}: {error}.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise Conflict(
                f"Another service is using {self.path.parent}.", hint="Stop it, or give this one another home."
            ) from error
        self._handle = handle

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
        self._handle = None
