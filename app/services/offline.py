"""Proof that nothing leaves the machine: from here on, reaching for the network is an error."""

import sys

from app.core.errors import RailDebugError

OUTWARD = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind"}


def refuse_network() -> None:
    """An audit hook (PEP 578) cannot be taken off again: only for a process that does nothing else."""

    def refuse(event: str, args: tuple[object, ...]) -> None:
        if event in OUTWARD:
            raise RailDebugError(f"Something reached for the network: {event} {args[1:]}.")

    sys.addaudithook(refuse)
