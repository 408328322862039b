"""Cases put to the agent as users put their questions: many at a time, but bounded."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.core.diagnosis import Diagnosis
from app.core.errors import NotFound, RailDebugError
from app.core.principal import Principal
from app.evaluate.base import Case, Outcome, Paste, Texts
from app.graph.base import Agent
from app.receipts.metrics import overlap

AT_A_TIME = 8
BROKEN = "_failed:"  # of `Diagnosis.degraded`: a part of the agent failed and was mended, so the answer says little

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Examiner:
    agent: Agent
    principal: Principal
    texts: Texts
    paste: Paste
    ids: Mapping[str, str]  # path -> document id

    async def ask(self, cases: Sequence[Case], at_a_time: int = AT_A_TIME) -> list[Outcome]:
        """-> an outcome for each case, in their order."""
        gate = asyncio.Semaphore(at_a_time)

        async def one(case: Case) -> Outcome:
            async with gate:
                return await self._outcome(case)

        return list(await asyncio.gather(*(one(case) for case in cases)))

    async def _outcome(self, case: Case) -> Outcome:
        try:
            diagnosis = await self.agent.ask(case.question, self.principal)
        except RailDebugError as error:
            return Outcome(case, error=f"{error.code}: {error.message}")
        except Exception as error:
            log.exception("case %s", case.id)
            return Outcome(case, error=f"internal: {error!r}")
        if broken := [reason for reason in diagnosis.degraded if BROKEN in reason]:
            return Outcome(case, error=", ".join(broken))
        return Outcome(
            case,
            diagnosis,
            false_quotes=await self._false_quotes(diagnosis),
            pasted=self.paste(case.question),
            overlap=overlap(case.question.text, await self._sources(case)),
        )

    async def _false_quotes(self, diagnosis: Diagnosis) -> int:
        texts = await self._read(citation.document_id for citation in diagnosis.citations)
        return sum(texts[c.document_id][c.start : c.end] != c.quote for c in diagnosis.citations)

    async def _sources(self, case: Case) -> str:
        """Raises `NotFound` for a case about a document that is not there."""
        missing = [place.source for place in case.gold if place.source not in self.ids]
        if missing:
            raise NotFound(f"Case {case.id} is about {missing[0]!r}, and there is no such document.")
        return "\n".join((await self._read(self.ids[place.source] for place in case.gold)).values())

    async def _read(self, document_ids: Iterable[str]) -> dict[str, str]:
        return {document_id: await self.texts(document_id) for document_id in dict.fromkeys(document_ids)}
