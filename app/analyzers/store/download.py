"""A file by HTTP: it goes on where it stopped, and counts only when its checksum is right."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx

from app.analyzers.store.shelf import sha256
from app.core.errors import DownloadFailed, ModelDamaged

Tell = Callable[[int, int], None]  # bytes that are there, bytes in all (0: not told)
ATTEMPTS = 5
PAUSE_S = 0.5
TIMEOUT = httpx.Timeout(30.0, connect=10.0)


def download(url: str, target: Path, *, checksum: str = "", tell: Tell, pause_s: float = PAUSE_S) -> str:
    """-> its sha256. What broke off stays beside the target as `.part`, and the next call goes on from there.

    Raises `DownloadFailed`, and `ModelDamaged` when the checksum is another; then nothing stays.
    """
    part, mark = target.with_name(f"{target.name}.part"), target.with_name(f"{target.name}.etag")
    with httpx.Client(timeout=TIMEOUT, follow_redirects=True) as client:
        for attempt in range(ATTEMPTS):
            try:
                _fetch(client, url, part, mark, tell)
                break
            except (httpx.TransportError, Broken) as error:
                if attempt + 1 == ATTEMPTS:
                    raise DownloadFailed(f"{url} broke off {ATTEMPTS} times: {error}.") from error
                time.sleep(pause_s * 2**attempt)
            except OSError as error:
                raise DownloadFailed(f"{part} cannot be written: {error}.") from error
    found = sha256(part)
    mark.unlink(missing_ok=True)
    if checksum and found != checksum.lower():
        part.unlink()
        raise ModelDamaged(f"{url} has the checksum {found}, and {checksum} was expected.")
    part.rename(target)
    return found


class Broken(Exception):
    """The connection ended before the file did."""


def _fetch(client: httpx.Client, url: str, part: Path, mark: Path, tell: Tell) -> None:
    there = part.stat().st_size if part.is_file() else 0
    version = mark.read_text(encoding="utf-8") if mark.is_file() else ""
    headers = {"range": f"bytes={there}-", "if-range": version} if there and version else {}
    with client.stream("GET", url, headers={"accept-encoding": "identity", **headers}) as reply:
        if reply.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink()
            raise Broken("what was there did not fit")
        if reply.status_code >= 500:
            raise Broken(f"status {reply.status_code}")
        if reply.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            raise DownloadFailed(f"{url} answers with status {reply.status_code}.", hint="Check the address.")
        goes_on = reply.status_code == httpx.codes.PARTIAL_CONTENT
        there = there if goes_on else 0
        mark.write_text(reply.headers.get("etag") or reply.headers.get("last-modified", ""), encoding="utf-8")
        total = there + int(reply.headers.get("content-length", 0))
        with part.open("ab" if goes_on else "wb") as file:
            for piece in reply.iter_raw():  # as it comes: pieces of a set size lose the last one when it breaks off
                file.write(piece)
                there += len(piece)
                tell(there, total)
        if there < total:
            raise Broken(f"{there} of {total} bytes came")
