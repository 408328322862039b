"""Replay: a kept run is answered once more, and what came out is held against what was kept."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.analyzers.base import Analyzer
from app.core.brief import Footprint, Identity
from app.core.code import code_label
from app.core.diagnosis import Diagnosis
from app.core.difference import Difference, differences
from app.core.errors import Conflict
from app.core.principal import Principal
from app.core.settings.analyzers import FALLBACK
from app.graph.state import Answer
from app.records.base import Pack, RunRow

if TYPE_CHECKING:
    from app.graph.nodes import Nodes
    from app.services.hall import Services


@dataclass(frozen=True, slots=True)
class Changed:
    """An input of the answer that is not what it was."""

    what: str
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class Today:
    """The question, asked of the index as it is now."""

    index_version: int
    gone: tuple[str, ...]  # passages found then and not now
    new: tuple[str, ...]
    moved: tuple[str, ...]  # found at another rank
    differences: tuple[Difference, ...]

    @property
    def equal(self) -> bool:
        return not (self.gone or self.new or self.moved or self.differences)


@dataclass(frozen=True, slots=True)
class Replay:
    run_id: str
    equal: bool
    analyzer: str
    changed: tuple[Changed, ...]
    differences: tuple[Difference, ...]
    damaged: tuple[str, ...] = ()  # passages whose text in the record is not the one that was found
    today: Today | None = None


async def replay(services: "Services", run_id: str, principal: Principal, *, retrieve: bool = False) -> Replay:
    """From the stored passages, one question at a time, by the analyzer alone with nothing in its cache.

    Raises `NotFound`, `Conflict` for a run without a pack, `UnknownAnalyzer`, and the analyzer's own errors.
    """
    from app.graph.replay import again, damaged, found

    row = await services.runs.get(principal, run_id)
    pack = _pack(row)
    before = found(pack)
    nodes, analyzer = _nodes(services), await _alone(services, pack)
    made = await again(nodes, row, pack, before, analyzer)
    spotted = _differences(pack, made.diagnosis, made.answer)
    today = await _today(services, nodes, row, pack, analyzer) if retrieve else None
    equal = not spotted and (today is None or today.equal)
    changed = tuple(_changed(services, pack, made.answer))
    return Replay(run_id, equal, made.diagnosis.analyzer, changed, spotted, tuple(damaged(pack)), today)


def _pack(row: RunRow) -> Pack:
    if row.pack is None:
        raise Conflict(f"Run {row.id} is {row.status} and has no evidence pack.", hint="Replay one that was answered.")
    return row.pack


def _nodes(services: "Services") -> "Nodes":
    from app.graph.nodes import Nodes

    return Nodes(
        services.retriever, services.analyzers, services.prompt_room, services.runs, services.settings.retrieval.k
    )


async def _alone(services: "Services", pack: Pack) -> Analyzer:
    """A model of this machine is loaded anew: nothing of an earlier prompt is in its cache."""
    asked = (pack.voided.identity if pack.voided else None) or pack.identity
    name = asked.name if asked else FALLBACK
    bare = services.analyzers.bare(name)
    if bare.footprint != Footprint():
        await services.analyzers.unload_one(name)
    await bare.load()
    return bare


def _differences(pack: Pack, diagnosis: Diagnosis, answer: Answer) -> tuple[Difference, ...]:
    from app.graph.replay import told

    kept = told(pack.diagnosis, pack.statements, pack.voided)
    return tuple(differences(kept, told(diagnosis, answer.statements, answer.voided)))


def _changed(services: "Services", pack: Pack, answer: Answer) -> Iterator[Changed]:
    version = services.truth.index_version(pack.question.kb)
    pairs = [("code", pack.code, code_label()), ("index version", str(pack.index_version), str(version))]
    pairs += _others("analyzer", pack.identity, answer.identity)
    if pack.voided and answer.voided:
        pairs += _others("analyzer before it", pack.voided.identity, answer.voided.identity)
    if pack.identity and answer.identity:
        pairs += [
            ("prompt", pack.diagnosis.prompt, answer.prompt),
            ("prompt hash", pack.prompt_digest, answer.prompt_digest),
            ("seed", str(pack.seed), str(answer.seed)),
            ("passages dropped", " ".join(pack.dropped), " ".join(answer.dropped)),
        ]
    yield from (Changed(what, then, now) for what, then, now in pairs if then != now)


def _others(who: str, then: Identity | None, now: Identity | None) -> list[tuple[str, str, str]]:
    if then is None or now is None:
        return []
    return [(who, then.label, now.label), (f"{who} digest", then.digest, now.digest)]


async def _today(services: "Services", nodes: "Nodes", row: RunRow, pack: Pack, analyzer: Analyzer) -> Today:
    from app.graph.replay import again, day_of
    from app.graph.understand import mentions

    question = replace(row.question, at=day_of(row))
    retrieved = await services.retriever.retrieve(nodes.query(question, mentions(question)))
    made = await again(nodes, row, pack, retrieved, analyzer)
    then, now = [each.passage_id for each in pack.sources], [passage.id for passage in retrieved.passages]
    return Today(
        retrieved.index_version,
        tuple(name for name in then if name not in now),
        tuple(name for name in now if name not in then),
        _moved(then, now),
        _differences(pack, made.diagnosis, made.answer),
    )


def _moved(then: list[str], now: list[str]) -> tuple[str, ...]:
    stayed = [name for name in then if name in now]
    order = [name for name in now if name in then]
    return tuple(one for one, other in zip(stayed, order, strict=True) if one != other)
