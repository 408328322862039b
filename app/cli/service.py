"""The service of this home, where one runs: it holds the analyzers, so it is the one that changes them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.core.errors import RailDebugError

if TYPE_CHECKING:
    from app.core.settings import Settings

CONNECT_S = 3.0


class ToldByService(RailDebugError):
    """What the service answered, passed on as it is."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail", problem)), hint=str(problem.get("hint", "")))
        self.code = str(problem.get("code", self.code))  # type: ignore[misc]  # its own, not this class's


@dataclass(frozen=True, slots=True)
class Service:
    url: str
    key: str | None

    def call(self, method: str, path: str, body: object = None) -> Any:
        """As long as it takes: a switch waits for a load, an exam for its answers. Raises what the service says."""
        import httpx

        headers = {"authorization": f"Bearer {self.key}"} if self.key else {}
        timeout = httpx.Timeout(None, connect=CONNECT_S)
        try:
            reply = httpx.request(
                method, f"{self.url}/api/v1{path}", json=body, headers=headers, timeout=timeout, trust_env=False
            )
            told = reply.json()
        except (httpx.HTTPError, ValueError) as error:
            raise RailDebugError(
                f"The service of this home does not answer at {self.url}: {error}.",
                hint="Name its address with --url.",
            ) from error
        if reply.is_error:
            raise ToldByService(told)
        return told


def running(settings: "Settings", url: str | None, key: str | None) -> Service | None:
    """None where no service runs on this home."""
    from app.services.models import served

    if url is None and not served(settings):
        return None
    return Service((url or f"http://{settings.service.host}:{settings.service.port}").rstrip("/"), key)
