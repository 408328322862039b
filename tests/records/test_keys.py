"""API keys as the gate finds them."""

import pytest

from app.core.errors import Conflict, NotFound
from app.gate.base import KeyRow, Keys
from app.records.home import Records

ASKER = KeyRow("k1", "anna", ("ask",), ("main", "depot"), 1.0)
APPROVER = KeyRow("k2", "carla", ("ask", "approve"), None, 2.0)
ADMIN = KeyRow("k3", "root", ("admin",), None, 3.0)


async def test_a_key_is_found_by_its_digest_alone(records: Records) -> None:
    keys: Keys = records.keys
    await keys.add(ASKER, "digest-1")
    await keys.add(APPROVER, "digest-2")
    assert await keys.find("digest-1") == ASKER
    assert await keys.find("digest-2") == APPROVER
    assert await keys.find("k1") is None
    assert list(await keys.all()) == [ASKER, APPROVER]


async def test_a_revoked_key_opens_nothing_but_is_still_listed(records: Records) -> None:
    await records.keys.add(ASKER, "digest-1")
    await records.keys.revoke("k1")
    assert await records.keys.find("digest-1") is None
    (row,) = await records.keys.all()
    await records.keys.revoke("k1")
    assert row.revoked_at is not None
    assert list(await records.keys.all()) == [row]
    with pytest.raises(NotFound):
        await records.keys.revoke("k9")


async def test_an_id_and_a_digest_are_taken_once(records: Records) -> None:
    await records.keys.add(ASKER, "digest-1")
    with pytest.raises(Conflict):
        await records.keys.add(ASKER, "digest-2")
    with pytest.raises(Conflict):
        await records.keys.add(APPROVER, "digest-1")


@pytest.mark.parametrize("key", [APPROVER, ADMIN])
async def test_whether_any_key_may_approve(records: Records, key: KeyRow) -> None:
    await records.keys.add(ASKER, "digest-1")
    assert not await records.keys.may_approve()
    await records.keys.add(key, "digest-2")
    assert await records.keys.may_approve()
    await records.keys.revoke(key.id)
    assert not await records.keys.may_approve()
