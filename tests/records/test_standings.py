"""Trust and choices are kept with the line in the audit that tells who decided them."""

import pytest

from app.core.errors import Conflict, Forbidden
from app.core.standing import Choice, Entry, Standing
from app.records.home import Records
from tests.records.samples import ADMIN, ANNA

WHO = Entry("anna", "analyzer.staged", details={"reason": "the drill"})


async def test_a_standing_is_put_replaced_and_told(records: Records) -> None:
    first = Standing("a", "a@1#1", "shadow", "", 1.0)
    await records.standings.put(first, WHO)
    await records.standings.tell(Standing("a", "a@1#1", "shadow", "3 answers", 2.0))
    assert await records.standings.all() == {"a": Standing("a", "a@1#1", "shadow", "3 answers", 2.0)}
    second = Standing("a", "a@1#1", "qualified", "passed", 3.0)
    await records.standings.put(second, WHO)
    await records.standings.tell(Standing("a", "a@1#1", "shadow", "too late", 4.0))
    assert await records.standings.all() == {"a": second}
    assert len(await records.audit.list(ADMIN)) == 2


async def test_the_choice_is_one(records: Records) -> None:
    assert await records.standings.chosen() is None
    for name in ("a", "b"):
        await records.standings.choose(Choice(name, name, "evidence", "anna", 1.0), Entry("anna", "analyzer.switched"))
    assert await records.standings.chosen() == Choice("b", "b", "evidence", "anna", 1.0)


async def test_the_audit_keeps_the_newest_first_and_shows_them_to_an_admin_alone(records: Records) -> None:
    for number in range(3):
        await records.audit.note(Entry("anna", f"what {number}", "main", {"number": number}))
    lines = await records.audit.list(ADMIN, limit=2)
    assert [(line.what, line.details) for line in lines] == [("what 2", {"number": 2}), ("what 1", {"number": 1})]
    assert all(line.id and line.at > 0 for line in lines)
    with pytest.raises(Forbidden):
        await records.audit.list(ANNA)


async def test_a_line_that_cannot_be_added_undoes_what_it_tells_of(records: Records) -> None:
    taken = Entry("anna", "first", id="1")
    await records.audit.note(taken)
    with pytest.raises(Conflict):
        await records.standings.put(Standing("a", "a@1#1", "qualified"), taken)
    assert await records.standings.all() == {}
