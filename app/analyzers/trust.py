"""How far each analyzer is trusted: a new one is a candidate, and only a qualified one stands in for another."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.analyzers.base import Standings
from app.core.brief import Identity
from app.core.errors import Conflict
from app.core.ids import now
from app.core.settings.analyzers import FALLBACK
from app.core.standing import Entry, Stage, Standing


@dataclass(eq=False, slots=True)
class Trust:
    standings: Standings
    known: Mapping[str, Standing] = field(default_factory=dict)

    async def refresh(self) -> bool:
        """-> whether anything has changed. Raises `RecordsUnavailable`."""
        known = await self.standings.all()
        changed = known != self.known
        self.known = known
        return changed

    def stage(self, identity: Identity) -> Stage:
        """With other weights or options it is another analyzer, and begins anew."""
        if identity.name == FALLBACK:
            return "qualified"
        standing = self.known.get(identity.name)
        return standing.stage if standing and standing.label == identity.label else "candidate"

    def told(self, identity: Identity) -> str:
        standing = self.known.get(identity.name)
        return standing.told if standing and standing.label == identity.label else ""

    def may_lead(self, identity: Identity, reason: str) -> None:
        """Raises `Conflict` for one that is not qualified, unless somebody says why it should all the same."""
        if self.stage(identity) != "qualified" and not reason.strip():
            raise Conflict(
                f"{identity.name!r} is a {self.stage(identity)}: it has not passed the golden questions.",
                hint=f"`rail-debug models qualify {identity.name}` asks them; a reason overrides that, and is audited.",
            )

    async def tell(self, standing: Standing) -> None:
        """Newer figures of the same stage; who has moved on meanwhile is left alone."""
        before = self.known.get(standing.analyzer)
        if before and (before.label, before.stage) == (standing.label, standing.stage):
            await self.standings.tell(standing)
            self.known = {**self.known, standing.analyzer: standing}

    async def move(self, identity: Identity, stage: Stage, who: str, told: str, reason: str = "") -> Standing:
        """`told` is what the stage rests on. Without figures, `qualified` is an override and needs a reason."""
        if identity.name == FALLBACK:
            raise Conflict(f"{FALLBACK!r} is always qualified.", hint="It quotes documents and has no model.")
        if stage == "qualified" and not told and not reason.strip():
            raise Conflict(
                f"{identity.name!r} has passed nothing that would qualify it.",
                hint=f"`rail-debug models qualify {identity.name}` asks the golden questions; or give a reason.",
            )
        standing = Standing(identity.name, identity.label, stage, told or f"override by {who}: {reason}", now())
        details = {"analyzer": identity.label, "stage": stage, "told": told, "reason": reason, "override": not told}
        await self.standings.put(standing, Entry(who, "analyzer.staged", details=details))
        self.known = {**self.known, identity.name: standing}
        return standing
