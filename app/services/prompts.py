"""Prompts under governance: what there is, how versions differ, which label points where, and who moved it."""

import asyncio
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.core.errors import Conflict, InvalidInput, NotFound, PromptError
from app.core.ids import now
from app.core.principal import Principal
from app.core.promptlog import Pointer, PromptAction, PromptChange
from app.prompts.base import PromptLog
from app.prompts.files import FilePrompts
from app.prompts.langfuse.client import Fetched
from app.prompts.room import LATEST, PromptRoom
from app.prompts.written import Written, digest, write

STAGES = {"dev": "latest", "staging": "staging", "prod": "production"}


class Server(Protocol):
    """Langfuse. Blocks."""

    def get(self, name: str, *, label: str | None = None, version: int | None = None) -> Fetched: ...
    def create(self, name: str, text: str, labels: Sequence[str], note: str, digest: str) -> Fetched: ...
    def relabel(self, name: str, version: int, labels: Sequence[str]) -> None: ...
    def versions(self) -> dict[str, tuple[int, ...]]: ...


@dataclass(frozen=True, slots=True)
class Listed:
    """`versions` are files; `remote` those that Langfuse has; `labels` what each label points to, `used` what runs."""

    name: str
    used: str
    families: tuple[str, ...]
    versions: tuple[int, ...]
    remote: tuple[int, ...]
    labels: dict[str, int]


@dataclass(frozen=True, slots=True)
class Moved:
    name: str
    version: int
    changed: bool
    told: str


@dataclass(frozen=True, slots=True)
class PromptDesk:
    files: FilePrompts
    room: PromptRoom
    changes: PromptLog
    server: Server | None
    folder: Path  # of the home's own versions
    label: str

    async def list(self, principal: Principal) -> list[Listed]:
        principal.must("ask")
        found = self.files.current()
        remote = await asyncio.to_thread(self.server.versions) if self.server else {}
        pointed = await self.changes.labels(principal)
        return [
            Listed(
                name,
                self.room.current().pick(name, "default").label,
                written.families,
                tuple(number for of, number in sorted(found.versions) if of == name),
                remote.get(name, ()),
                {p.label: p.version for p in pointed if p.name == name},
            )
            for name, written in sorted(found.prompts.items())
        ]

    async def read(self, principal: Principal, name: str, which: str = "") -> str:
        principal.must("ask")
        return await self.text(name, which)

    async def text(self, name: str, which: str = "") -> str:
        """`which`: a file's version, `label:NAME` or a stage; empty: the file in use. Raises `NotFound`."""
        return (await self._find(name, which)).text

    async def diff(self, name: str, one: str, other: str) -> str:
        """As `diff -u`; empty when they are the same."""
        before, after = [(await self.text(name, which)).splitlines(keepends=True) for which in (one, other)]
        return "".join(difflib.unified_diff(before, after, f"{name} {one or 'file'}", f"{name} {other or 'file'}"))

    async def push(self, name: str, which: str, label: str, note: str, principal: Principal) -> Moved:
        """To Langfuse, as a new version, unless the newest there says the same."""
        principal.must("operate")
        server, written = self._server(), await self._find(name, which)
        there = await self._newest(server, name)
        if there is not None and digest(there.text) == written.digest:
            if label and stage_label(label) != LATEST:
                return await self.promote(name, there.version, label, note, principal)
            return Moved(name, there.version, False, "Langfuse has it already")
        labels = [stage_label(label)] if label else []
        before = await self._pointed(name, labels[0]) if labels else there and there.version
        made = await asyncio.to_thread(server.create, name, written.text, labels, note, written.digest)
        told = (str(before or ""), str(made.version), written.digest, principal.name, note, now())
        await self.changes.note(principal, PromptChange("push", name, ",".join(labels), *told))
        return Moved(name, made.version, True, f"{name}@{made.version} in Langfuse")

    async def pull(self, name: str, label: str, principal: Principal) -> Moved:
        """From Langfuse to a file of the home, checked as any file is; its version is the next free one."""
        principal.must("operate")
        fetched = await asyncio.to_thread(self._server().get, name, label=stage_label(label))
        found = self.files.current()
        same = [v for (of, v), w in found.versions.items() if of == name and same_words(w.text, fetched.text)]
        if same:
            return Moved(name, same[0], False, f"the file {name}@{same[0]} says the same")
        number = max((v for of, v in found.versions if of == name), default=0) + 1
        text = renumbered(fetched.text, number)
        written = write(f"{name}@{fetched.version} in Langfuse", text)
        if written.name != name:
            raise PromptError(f"{name}@{fetched.version} in Langfuse calls itself {written.name!r}.")
        file = self.folder / f"{name}@{number}.md"
        await asyncio.to_thread(put, file, text)
        self.room.files = self.files.load()
        told = (f"Langfuse {fetched.version}", str(number), written.digest, principal.name, str(file), now())
        await self.changes.note(principal, PromptChange("pull", name, label, *told))
        return Moved(name, number, True, str(file))

    async def promote(
        self, name: str, version: int, label: str, note: str, principal: Principal, *, action: PromptAction = "promote"
    ) -> Moved:
        """Point a label, or a stage, to a version: of Langfuse where that is used, else of a file."""
        principal.must("operate")
        label = stage_label(label)
        if label == LATEST:
            raise InvalidInput("`latest` is whatever was written last.", hint="Promote to staging, prod or a label.")
        before = await self._pointed(name, label)
        if before == version:
            return Moved(name, version, False, f"{label} points there already")
        sha = await self._checked(name, version)
        told = str(before) if before else ""
        change = PromptChange(action, name, label, told, str(version), sha, principal.name, note, now())
        if self.server is not None:
            await asyncio.to_thread(self.server.relabel, name, version, [label])
            await self.changes.note(principal, change)
        else:
            await self.changes.point(principal, Pointer(name, label, version), change)
        return Moved(name, version, True, f"{label}: {before or 'nothing'} -> {version}")

    async def rollback(self, name: str, label: str, note: str, principal: Principal) -> Moved:
        """Back to where the label pointed before its last move. Raises `Conflict` when that is not known."""
        label = stage_label(label)
        at = await self._pointed(name, label)
        moves = [c for c in await self.changes.changes(principal, name, 1000) if c.label == label and forth(c)]
        last = next((c for c in moves if c.after == str(at)), None)
        if last is None:
            raise Conflict(f"{name} has no earlier version under {label!r}.", hint="Promote a version instead.")
        return await self.promote(name, int(last.before), label, note, principal, action="rollback")

    async def audit(self, principal: Principal, name: str | None, limit: int) -> Sequence[PromptChange]:
        return await self.changes.changes(principal, name, limit)

    async def _checked(self, name: str, version: int) -> str:
        """-> digest. The version has to be there and to be usable before anything points to it."""
        if self.server is None:
            return self.files.current().version(name, version).digest
        fetched = await asyncio.to_thread(self.server.get, name, version=version)
        return write(f"{name}@{version} in Langfuse", fetched.text).digest

    async def _pointed(self, name: str, label: str) -> int | None:
        if self.server is not None:
            try:
                return (await asyncio.to_thread(self.server.get, name, label=label)).version
            except NotFound:
                return None
        if label == LATEST:
            newest = self.files.current().newest(name)
            return newest.version if newest else None
        pointed = {(p.name, p.label): p.version for p in await self.changes.labels(ANYBODY)}
        used = self.files.current().prompts.get(name)
        return pointed.get((name, label)) or (used.version if used and label == self.label else None)

    async def _find(self, name: str, which: str) -> Written:
        found = self.files.current()
        if name not in found.prompts:
            raise NotFound(f"There is no prompt {name!r}.", hint=f"There are: {', '.join(sorted(found.prompts))}.")
        if which.isdigit():
            return found.version(name, int(which))
        if not which:
            return found.written(name)
        label = stage_label(which.removeprefix("label:"))
        if self.server is not None:
            fetched = await asyncio.to_thread(self.server.get, name, label=label)
            return write(f"{name}@{fetched.version} in Langfuse", fetched.text, version=fetched.version)
        pointed = await self._pointed(name, label)
        if pointed is None:
            raise NotFound(f"No version of {name!r} has the label {label!r}.")
        return found.version(name, pointed)

    async def _newest(self, server: Server, name: str) -> Fetched | None:
        try:
            return await asyncio.to_thread(server.get, name, label=LATEST)
        except NotFound:
            return None

    def _server(self) -> Server:
        if self.server is None:
            raise InvalidInput("Langfuse is not configured.", hint="Set RAIL_DEBUG_PROMPTS__LANGFUSE__PUBLIC_KEY, …")
        return self.server


ANYBODY = Principal("prompts", frozenset({"ask"}))


def forth(change: PromptChange) -> bool:
    """A move that can be taken back; going back is none."""
    return change.action in {"promote", "push"} and change.before.isdigit()


def stage_label(stage: str) -> str:
    return STAGES.get(stage, stage)


def renumbered(text: str, number: int) -> str:
    """The version line of the front matter says what the file is called."""
    head, line, rest = text.replace("\r\n", "\n").partition("\nversion:")
    return f"{head}{line} {number}\n{rest.partition(chr(10))[2]}"


def same_words(one: str, other: str) -> bool:
    return digest(renumbered(one, 0)) == digest(renumbered(other, 0))


def put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
