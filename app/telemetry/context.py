"""Where a span stands: its trace, its id and whether exporters get it; read from and written as W3C `traceparent`."""

import random
import re
import sys
from dataclasses import dataclass
from uuid import UUID

_random = random.Random()  # noqa: S311 - ids, not secrets: they only have to differ
_PARENT = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


@dataclass(frozen=True, slots=True)
class Place:
    trace_id: str  # 32 hex digits
    span_id: str  # 16 hex digits
    sampled: bool = True


def new_trace_id() -> str:
    return f"{_random.getrandbits(128) or 1:032x}"


def new_span_id() -> str:
    return f"{_random.getrandbits(64) or 1:016x}"


def span_id_of(run_id: str) -> str:
    """The agent span bears its run's own random half, so that who knows the run alone can link to it."""
    try:
        return f"{UUID(run_id).int & (2**64 - 1) or 1:016x}"
    except ValueError:
        return ""


def read(header: str | None) -> Place | None:
    """What does not keep to https://www.w3.org/TR/trace-context/ is as if it were not there."""
    found = _PARENT.fullmatch(header.strip()) if header and len(header) < 256 else None
    if found is None or (found[1] == "00" and found[5]):
        return None
    return Place(found[2], found[3], sampled=bool(int(found[4], 16) & 1))


def written(place: Place) -> str:
    return f"00-{place.trace_id}-{place.span_id}-{'01' if place.sampled else '00'}"


def of_others() -> Place | None:
    """The span that somebody else's OpenTelemetry has open here, if the process uses it at all."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    found = trace.get_current_span().get_span_context()
    if not found.is_valid:
        return None
    return Place(f"{found.trace_id:032x}", f"{found.span_id:016x}", bool(found.trace_flags & 1))
