"""Whether an analyzer is asked at all: closed, open for a while after failures, then half open to one probe. Pure."""

from dataclasses import dataclass, replace

from app.analyzers.decide import Health

FAILURES = 3  # in a row
COOL_S = 5.0
LONGEST_S = 60.0  # the pause doubles with every probe that fails, up to this


@dataclass(frozen=True, slots=True)
class Circuit:
    """Closed while `failures` are few; `until` ends the pause; while `probing` a single question tries it out."""

    limit: int = FAILURES  # 0: it never opens
    failures: int = 0
    until: float = 0.0
    pause: float = COOL_S
    opened: bool = False
    probing: bool = False

    def admits(self, now: float) -> bool:
        return not self.opened or (now >= self.until and not self.probing)

    def entered(self) -> "Circuit":
        """A question that was admitted goes in; into an open circuit it goes as the probe."""
        return replace(self, probing=True) if self.opened else self

    def succeeded(self, probe: bool) -> "Circuit":
        """One that had gone in before the circuit opened proves nothing."""
        return Circuit(self.limit) if probe or not self.opened else self

    def failed(self, now: float, health: Health, after: float, probe: bool) -> "Circuit":
        """`after` is what the server asked to be left alone for."""
        if health is Health.NOTHING:
            return Circuit(self.limit) if probe else self
        if self.limit == 0:
            return self
        if self.opened and not probe:
            return replace(self, until=max(self.until, now + after)) if after else self
        failures = self.failures + 1
        if not probe and health is Health.WORSE and failures < self.limit:
            return replace(self, failures=failures)
        pause = min(LONGEST_S, self.pause * 2) if probe else self.pause
        return Circuit(self.limit, failures, now + max(pause, after), pause, opened=True)

    def left(self, probe: bool) -> "Circuit":
        """Its caller went away: whether it works is as unknown as before."""
        return replace(self, probing=False) if probe else self
