"""The spool: packs that the database could not take, as files of the home, until it can."""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import InvalidInput, RecordsUnavailable
from app.core.wire import from_json, to_json
from app.records.base import Pack, Status

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Spooled:
    run_id: str
    owner: str
    status: Status
    pack: Pack


class Spool:
    """A file is whole or it is not there: written beside its name, forced to disk, then renamed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, spooled: Spooled) -> None:
        """Returns when the file is durable. Raises `RecordsUnavailable`."""
        if Path(spooled.run_id).name != spooled.run_id:
            raise InvalidInput(f"{spooled.run_id!r} is no run id.")
        path = self.folder / f"{spooled.run_id}.json"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            half = path.with_suffix(".tmp")
            with half.open("wb") as file:
                file.write(to_json(spooled))
                file.flush()
                os.fsync(file.fileno())
            half.replace(path)
            _sync(self.folder)
        except OSError as error:
            raise RecordsUnavailable(f"The spool {self.folder} takes nothing: {error}.") from error

    def waiting(self) -> int:
        """How many packs are not in the database yet."""
        return sum(1 for _ in self.folder.glob("*.json"))

    def entries(self, *, live: bool = False) -> Iterator[tuple[Path, Spooled]]:
        """What can be read, oldest first; what cannot is put aside.

        `live`: others spool meanwhile, so a file that is not whole yet is theirs.
        """
        halves = () if live else self.folder.glob("*.tmp")
        for path in sorted((*self.folder.glob("*.json"), *halves)):
            try:
                yield path, from_json(Spooled, path.read_bytes())
            except ValueError as error:
                self.aside(path, f"it is torn: {str(error).splitlines()[0]}")
            except OSError as error:
                log.warning("A spooled pack cannot be read and stays where it is: %s: %s", path, error)

    def done(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def aside(self, path: Path, reason: str) -> None:
        kept = path.replace(path.with_suffix(".kept"))
        log.warning("A spooled pack was not taken and is kept as %s: %s", kept, reason)


def _sync(folder: Path) -> None:
    """A rename is durable only with its folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
