"""An analyzer that says again what it said to the same brief; shadow and benchmark are handed the one inside."""

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, replace

from app.analyzers.base import Analyzer
from app.analyzers.closing import closing
from app.analyzers.prompting import prompt_of, variables
from app.analyzers.wrapping import Wrapping
from app.core.brief import Begin, Brief, Delta, End, Identity, Text
from app.core.cache import Cache
from app.core.errors import PromptError
from app.core.wire import from_json, to_data, to_json
from app.receipts.draft import Cutter

VERSION = 1  # of what is kept; raised when its form or meaning changes
LONGEST = 2**18  # characters of an answer that is worth keeping


@dataclass(frozen=True, slots=True)
class Kept:
    """With who said it: only an analyzer that is loaded knows the hash of its weights."""

    identity: Identity
    text: str
    prompt: str
    dropped: tuple[str, ...]
    seed: int | None


class Cached(Wrapping):
    def __init__(self, inner: Analyzer, cache: Cache, ttl_s: float) -> None:
        super().__init__(inner)
        self._cache = cache
        self._ttl_s = ttl_s

    async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
        name = key(brief, self.identity)
        if kept := _read(await self._cache.get(name)):
            yield Begin(kept.identity, kept.prompt, kept.dropped, seed=kept.seed, cached=True)
            yield Text(kept.text)
            yield End()
            return
        begin, said = Begin(self.identity), ""
        async with closing(self.inner.stream(brief)) as deltas:
            async for delta in deltas:
                if isinstance(delta, Begin):
                    begin, said = delta, ""
                if isinstance(delta, Text) and len(said) <= LONGEST:
                    said += delta.text
                if isinstance(delta, End) and delta.finish == "stop" and worth_keeping(said):
                    await self._keep(name, begin, said)
                yield delta

    async def _keep(self, name: str, begin: Begin, said: str) -> None:
        kept = Kept(begin.identity, said, begin.prompt, begin.dropped, begin.seed)
        await self._cache.set(name, to_json(kept), self._ttl_s)


def key(brief: Brief, identity: Identity) -> str:
    """All that an answer depends on: who answers whom, of which knowledge base, and every word it is given to read."""
    parts = {
        "version": VERSION,
        "analyzer": [identity.label, identity.digest],
        "scope": brief.scope,
        "kb": brief.question.kb,
        "question": to_data(replace(brief.question, conversation_id=None, parent_run_id=None, analyzer=None)),
        "codes": brief.codes,
        "passages": [[p.id, _digest(to_json(replace(p, score=0.0, why={})))] for p in brief.evidence],
        "history": [asdict(turn) for turn in brief.history],
        "prompt": _prompt(brief, identity.family),
        "schema": brief.schema,
        "options": asdict(brief.options),
    }
    return "answer:" + _digest(json.dumps(parts, sort_keys=True, ensure_ascii=False, default=dict))


def worth_keeping(said: str) -> bool:
    """A whole JSON object of statements, of which none was malformed."""
    if not said.lstrip().startswith("{") or len(said) > LONGEST:
        return False
    cutter = Cutter()
    statements = [*cutter.feed(said), *cutter.close(whole=True)]
    return bool(statements) and cutter.skipped == 0


def _read(found: bytes | None) -> Kept | None:
    """What another version has written there is no answer."""
    try:
        return from_json(Kept, found) if found else None
    except ValueError:
        return None


def _prompt(brief: Brief, family: str) -> str:
    """Of the rendered text and not of the label: a prompt may be edited and keep its version."""
    if brief.prompts is None:
        return ""
    try:
        prompt = prompt_of(brief, family)
        return _digest(json.dumps([prompt.label, asdict(prompt.options), prompt.render(**variables(brief))]))
    except PromptError:
        return ""


def _digest(text: str | bytes) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text).hexdigest()
