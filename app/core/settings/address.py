"""Where a server stands: whether what is sent there leaves this machine."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def checked(url: str) -> str:
    """-> without a slash at its end. Raises `ValueError` for anything but an http or https address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("this is no http or https address")
    return url.rstrip("/")


def leaves(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")
