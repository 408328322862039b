"""The manager: which analyzers there are, which one is active, and how another takes its place while questions come."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from app.analyzers.base import Agreement, Analyzer
from app.analyzers.composition import check, in_order, seated
from app.analyzers.follow import chosen, follow
from app.analyzers.leased import Leased
from app.analyzers.pool import Pool
from app.analyzers.probe import probe
from app.analyzers.report import Model, Report, model, room
from app.analyzers.routes import route
from app.analyzers.seat import Seat
from app.analyzers.shadow import Shadow
from app.analyzers.trust import Trust
from app.core import ids
from app.core.brief import Footprint, PromptSet
from app.core.cache import Cache
from app.core.errors import RailDebugError, UnknownAnalyzer
from app.core.question import Question
from app.core.settings.analyzers import FALLBACK, Table
from app.core.settings.qualify import QualifySettings
from app.core.standing import Choice, Entry, Stage, Standing

log = logging.getLogger(__name__)


class Manager:
    """Implements `Analyzers`. A change is prepared beside what serves, and then takes effect in one step."""

    def __init__(
        self,
        table: Table,
        *,
        pool: Pool,
        trust: Trust,
        agreement: Agreement,
        prompts: Callable[[], PromptSet | None] = lambda: None,
        qualify: QualifySettings | None = None,
        cache: Cache | None = None,
    ) -> None:
        """Raises `InvalidSettings` naming row, option and place, `UnknownAnalyzer` when the active one is no row."""
        check(table)
        self.table, self.active = table, table.active
        self._coming: Mapping[str, Seat] = {}  # of a table that is being proved
        self.seats = {name: seated(name, spec, self.under) for name, spec in table.rows.items()}
        self.pool, self.trust, self.agreement, self.prompts = pool, trust, agreement, prompts
        self.cache = cache
        self.table_error = ""  # why the newest version of the table was not taken
        self.follow_error = ""  # why the choice of another process was not followed
        self.shadow = Shadow(qualify or QualifySettings(), trust, self._shadows, self.bare, lambda: bool(pool.leases))
        self._chains: dict[str, Analyzer] = {}
        self._moving = asyncio.Lock()
        pool.pinned = lambda: frozenset({self.active, FALLBACK})

    def pick(self, name: str | None) -> Analyzer:
        wanted = self.active if name is None else name
        if wanted not in self._chains:
            first = self.seat(wanted)
            self._chains[wanted] = in_order(
                self.pool,
                [first, *self._behind(first)],
                self.shadow,
                cache=self.cache,
                allow_remote=self.table.allow_remote,
            )
        return self._chains[wanted]

    def choose(self, question: Question) -> Analyzer:
        return self.pick(question.analyzer or route(question, self.table.routes))

    def bare(self, name: str) -> Analyzer:
        """By itself, with nobody behind it, and it pushes nobody out: for benchmarks and shadows."""
        return Leased(self.pool, self.seat(name), evict=False)

    def under(self, name: str) -> Analyzer:
        """As the row that another one speaks through: nobody stands behind it, since the one above has its own."""
        return Leased(self.pool, self._coming.get(name) or self.seat(name))

    def seat(self, name: str) -> Seat:
        if name not in self.seats:
            there = ", ".join(sorted(self.seats))
            raise UnknownAnalyzer(f"There is no analyzer {name!r}.", hint=f"Configured are: {there}.")
        return self.seats[name]

    async def load(self) -> None:
        """The active one, and all that take no memory; one that cannot be loaded stops no other."""
        await self.remember()
        await asyncio.gather(*(self._open(seat) for seat in self.seats.values()))
        self.pool.spawn(follow(self, self.agreement, self.trust))
        self.pool.spawn(self.shadow.run())

    async def unload(self) -> None:
        await self.pool.close()
        await self.agreement.close()

    def states(self) -> Mapping[str, str]:
        return {name: seat.told for name, seat in self.seats.items()}

    async def report(self) -> Report:
        def told() -> tuple[Model, ...]:
            rows = self.table.rows
            return tuple(model(seat, rows[name], self.active, self.trust) for name, seat in self.seats.items())

        models = await asyncio.to_thread(told)
        error = self.table_error or self.follow_error
        return Report(self.active, models, room(self.pool), self.table.fallback, error)

    async def load_one(self, name: str) -> str:
        """-> its state."""
        await self.pool.load(self.seat(name))
        return self.seat(name).told

    async def unload_one(self, name: str) -> str:
        """The active one too: it is loaded again with the next question."""
        await self.pool.unload(self.seat(name))
        return self.seat(name).told

    async def switch(self, name: str, who: str, reason: str = "") -> str:
        """-> the active analyzer. When it cannot be loaded, or cannot answer, everything stays as it was.

        Raises `UnknownAnalyzer`, `Conflict` for one that is not qualified and no reason, and the `AnalyzerError`.
        """
        async with self._moving:
            identity = self.seat(name).face.identity
            self.trust.may_lead(identity, reason)
            took = 0.0 if name == self.active else await self._prove(self.seat(name))
            choice = Choice(ids.run_id(), name, self.table.active, who, ids.now())
            details = {"from": self.active, "to": identity.label, "reason": reason, "first_word_ms": took}
            await self.trust.standings.choose(choice, Entry(who, "analyzer.switched", details=details))
            self._lead(name)
            await self.agreement.announce(choice)
        return self.active

    async def stage(self, name: str, stage: Stage, who: str, told: str = "", reason: str = "") -> Standing:
        standing = await self.trust.move(self.seat(name).face.identity, stage, who, told, reason)
        self._chains.clear()
        return standing

    async def apply(self, table: Table, who: str = "settings") -> None:
        """Take another table. Raises what is wrong with it, or with its active analyzer; then the old one stays."""
        async with self._moving:
            check(table)
            changed = {
                n: seated(n, spec, self.under) for n, spec in table.rows.items() if self.table.rows.get(n) != spec
            }
            seats = {name: changed.get(name) or self.seats[name] for name in table.rows}
            kept = self.active if table.active == self.table.active and self.active in seats else table.active
            if kept != self.active or kept in changed:
                await self._prove_coming(seats, kept)
            try:
                await self._note(table, kept, who)
            except RailDebugError:
                await asyncio.gather(*(self.pool.unload(seat) for seat in changed.values()))
                raise
            gone = [seat for name, seat in self.seats.items() if seats.get(name) is not seat]
            before, self.table, self.seats, self.table_error = self.active, table, seats, ""
            self._lead(kept, before)
            for seat in gone:
                self.pool.spawn(self._close(seat))
        await asyncio.gather(*(self._open(seat) for seat in changed.values()))

    async def remember(self) -> None:
        """What was chosen earlier holds, unless the settings have come to say something else."""
        choice = await chosen(self.agreement, self.trust)
        if choice and choice.base == self.table.active and choice.active in self.seats:
            self.active = choice.active

    async def join(self, choice: Choice) -> None:
        async with self._moving:
            if choice.active == self.active or choice.base != self.table.active:
                return
            await self._prove(self.seat(choice.active))
            self._lead(choice.active)
            self.follow_error = ""

    def trusts_anew(self) -> None:
        self._chains.clear()

    def _shadows(self) -> list[str]:
        identities = [seat.face.identity for seat in self.seats.values()] if self.trust.known else []
        able = [each for each in identities if self.table.allow_remote or not each.remote]
        return [each.name for each in able if self.trust.stage(each) == "shadow"]

    def _behind(self, first: Seat) -> list[Seat]:
        """Qualified ones in the table's order; nothing crosses from a local to a remote one unless that is allowed."""
        cross = self.table.allow_remote or first.face.identity.remote
        others = [self.seats[name] for name in self.table.fallback if name not in (first.name, FALLBACK)]
        trusted = [seat for seat in others if self.trust.stage(seat.face.identity) == "qualified"]
        able = [seat for seat in trusted if cross or not seat.face.identity.remote]
        return [*able, self.seats[FALLBACK]] if first.name != FALLBACK else []

    async def _prove(self, seat: Seat) -> float:
        """Loaded, and it has answered its first question; else it is as it was before."""
        there = bool(seat.copies)
        seat.failed_at = float("-inf")  # somebody asks for it by name: it is tried again at once
        await self.pool.load(seat)
        try:
            return await probe(Leased(self.pool, seat), self.prompts(), self.pool.settings.probe_s)
        except RailDebugError:
            if not there:
                await self.pool.unload(seat)
            raise

    async def _prove_coming(self, seats: Mapping[str, Seat], name: str) -> None:
        self._coming = seats
        try:
            await self._prove(seats[name])
        finally:
            self._coming = {}

    def _lead(self, name: str, before: str | None = None) -> None:
        """The one step in which the default moves. Questions that have begun end where they began."""
        old = self.active if before is None else before
        self.active = name
        self._chains.clear()
        if old != name:
            log.info("the active analyzer is %s; it was %s", name, old)
            if old in self.seats:
                self.pool.spawn(self._leave(self.seats[old]))

    async def _leave(self, seat: Seat) -> None:
        """A question may have been accepted for it a moment ago; what it held is free after that."""
        await asyncio.sleep(self.pool.settings.linger_s)
        needed = seat.name in (self.active, *self.table.fallback, *(rule.to for rule in self.table.routes))
        if not needed and any(copy.held != Footprint() for copy in seat.copies):
            await self.pool.unload(seat)

    async def _close(self, seat: Seat) -> None:
        await asyncio.sleep(self.pool.settings.linger_s)
        seat.closed = True
        await self.pool.unload(seat)

    async def _open(self, seat: Seat) -> None:
        try:
            light = await asyncio.to_thread(lambda: seat.face.footprint) == Footprint()
            if light or seat.name == self.active:
                await self.pool.load(seat)
        except RailDebugError as error:
            seat.state = f"{error.code}: {error.message}"

    async def _note(self, table: Table, active: str, who: str) -> None:
        if active == self.active:
            return
        choice = Choice(ids.run_id(), active, table.active, who, ids.now())
        details = {"from": self.active, "to": active, "reason": "the settings say so"}
        await self.trust.standings.choose(choice, Entry(who, "analyzer.switched", details=details))
        await self.agreement.announce(choice)
