"""The sample shelf has two revisions of a fault book: which one answers, what is warned of, what differs."""

from datetime import date

import pytest

from app.core.diagnosis import Diagnosis
from app.core.errors import NotFound
from app.core.principal import LOCAL
from app.core.question import Asset, Question
from app.services.hall import Services

OLD, NEW = "points/hydraulic-points-rev2.md", "points/hydraulic-points-rev3.md"
ASKED = "What does PNT-2501 mean and which limit has the accumulator?"


async def ask(services: Services, text: str = ASKED, **fields: object) -> Diagnosis:
    return await services.agent.ask(Question(text, **fields), LOCAL)  # type: ignore[arg-type]


def sources(diagnosis: Diagnosis) -> set[str]:
    return {citation.source for citation in diagnosis.citations}


async def test_today_the_current_limit_is_told_and_that_it_was_another(services: Services) -> None:
    diagnosis = await ask(services)
    assert sources(diagnosis) == {NEW}
    assert OLD not in {passage.source for passage in diagnosis.passages}
    assert any("80 bar → 95 bar" in warning and "revision 2" in warning for warning in diagnosis.warnings)


async def test_on_a_day_before_the_change_the_old_revision_answers_and_says_that_it_is_superseded(
    services: Services,
) -> None:
    diagnosis = await ask(services, at=date(2024, 1, 1))
    assert sources(diagnosis) == {OLD}
    assert any("in force on the day asked" in warning and "2025-08-18" in warning for warning in diagnosis.warnings)


async def test_a_revision_that_is_named_answers_with_a_warning(services: Services) -> None:
    diagnosis = await ask(services, "PNT-2501 accumulator limit, revision 2")
    assert sources(diagnosis) == {OLD}
    assert any("is superseded by" in warning for warning in diagnosis.warnings)


async def test_a_machine_of_the_old_baseline_gets_the_limit_of_its_own_book(services: Services) -> None:
    assert sources(await ask(services, asset=Asset(baseline="HPM 1"))) == {OLD}
    assert sources(await ask(services, asset=Asset(baseline="HPM 2"))) == {NEW}


async def test_two_revisions_are_compared_from_either_side(services: Services) -> None:
    one, other = await services.compare(NEW, "main", None), await services.compare(OLD, "main", None)
    assert (one.before.path, one.after.path) == (OLD, NEW)
    assert one.changes == other.changes
    assert ("80 bar", "95 bar") in {pair for change in one.changes for pair in change.numbers}


async def test_what_has_no_other_revision_says_so(services: Services) -> None:
    with pytest.raises(NotFound, match="replaces no document"):
        await services.compare("general/glossary.md", "main", None)
    with pytest.raises(NotFound, match="no document 'nothing"):
        await services.compare(NEW, "main", "nothing.md")
