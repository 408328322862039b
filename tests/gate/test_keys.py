import pytest

from app.core.errors import InvalidInput
from app.gate import keys
from tests.gate.fakes import MemoryKeys


async def test_a_key_is_shown_once_and_kept_as_a_digest() -> None:
    store = MemoryKeys()
    row, key = await keys.create(store, "anna", ["ask", "ingest", "ask"], ["main"])
    assert key.startswith(f"rd_{row.id}_")
    assert store.rows == {keys.digest(key): row}
    assert key.removeprefix(f"rd_{row.id}_") not in repr(store)
    assert (row.scopes, row.kbs, row.revoked_at) == (("ask", "ingest"), ("main",), None)


async def test_no_two_keys_are_alike() -> None:
    store = MemoryKeys()
    made = {(await keys.create(store, "anna", ["ask"]))[1] for _ in range(50)}
    assert len(made) == len(store.rows) == 50


@pytest.mark.parametrize(
    ("name", "scopes", "kbs"),
    [
        ("anna", [], None),
        ("anna", ["ask", "fly"], None),
        ("", ["ask"], None),
        ("a\nb", ["ask"], None),
        ("x" * 65, ["ask"], None),
        ("anna", ["ask"], []),
        ("anna", ["ask"], ["Main Shelf"]),
    ],
)
async def test_a_key_that_would_not_mean_what_it_says_is_not_made(name: str, scopes: list[str], kbs) -> None:
    store = MemoryKeys()
    with pytest.raises(InvalidInput) as refused:
        await keys.create(store, name, scopes, kbs)
    assert refused.value.hint
    assert store.rows == {}


async def test_an_unknown_scope_is_named_together_with_those_there_are() -> None:
    with pytest.raises(InvalidInput) as refused:
        await keys.create(MemoryKeys(), "anna", ["fly"])
    assert "fly" in refused.value.message
    assert "approve" in refused.value.hint
