"""What a route asks for: the hall, and who is asking."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from app.core.errors import Forbidden
from app.core.principal import LOCAL, Principal
from app.services.hall import Services

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


async def hall(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def admitted(request: Request) -> Principal:
    return await admit(request, request.headers.get("authorization"))


async def admit(request: Request, credentials: str | None) -> Principal:
    """The one call of the gate. A caller without a key must also be no foreign web page (see `same_site`)."""
    told = request.headers.get("content-length", "0")
    address = request.client.host if request.client else ""
    gate = (await hall(request)).gate
    principal = await gate.admit(credentials, address, int(told) if told.isdecimal() else 0)
    if principal is LOCAL:
        same_site(request)
    return principal


def same_site(request: Request) -> None:
    """A page from elsewhere, opened in a browser on this machine, must not act as `local` (CSRF, DNS rebinding)."""
    told, origin = request.headers.get("host", ""), request.headers.get("origin")
    try:
        at_home = urlsplit(f"//{told}").hostname in LOOPBACK and (origin is None or urlsplit(origin).netloc == told)
    except ValueError:  # half of an IPv6 address
        at_home = False
    if not at_home:
        raise Forbidden(
            "A web page of another origin may not use this service without a key.",
            hint="Open the service by http://127.0.0.1 or localhost, or make a key with `rail-debug keys create`.",
        )


Hall = Annotated[Services, Depends(hall)]
Caller = Annotated[Principal, Depends(admitted)]
