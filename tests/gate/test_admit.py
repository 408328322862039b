import pytest

from app.core.errors import NotAuthenticated, TooLarge
from app.core.principal import LOCAL
from app.core.settings.gate import GateSettings
from app.gate import keys as forms
from app.gate.admit import KeyGate, is_loopback
from app.gate.base import Gate
from tests.gate.fakes import Clock, MemoryKeys

HERE, AWAY = "127.0.0.1", "192.0.2.7"


@pytest.fixture
def keys() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(keys: MemoryKeys, clock: Clock) -> KeyGate:
    return KeyGate(keys, GateSettings(), 1000, clock=clock)


async def make(keys: MemoryKeys, *scopes: str, kbs: list[str] | None = None) -> str:
    _, key = await forms.create(keys, "anna", scopes or ["ask"], kbs)
    return key


def bearer(key: str) -> str:
    return f"Bearer {key}"


async def test_without_a_key_the_machine_itself_is_local_and_nobody_else_comes_in(gate: Gate) -> None:
    assert await gate.admit(None, HERE, 10) == LOCAL
    with pytest.raises(NotAuthenticated) as refused:
        await gate.admit(None, AWAY, 10)
    assert "keys create" in refused.value.hint


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_loopback_in_every_spelling(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address", ["", "localhost", "127.0.0.1.example.org", "10.0.0.1", "::", "0.0.0.0", "testclient"]
)
def test_what_only_looks_like_loopback_is_not(address: str) -> None:
    assert not is_loopback(address)


async def test_once_a_key_exists_the_machine_itself_needs_one_too(gate: Gate, keys: MemoryKeys) -> None:
    key = await make(keys)
    with pytest.raises(NotAuthenticated):
        await gate.admit(None, HERE, 10)
    assert (await gate.admit(bearer(key), HERE, 10)).name == "anna"


async def test_revoking_the_last_key_does_not_open_the_door(gate: Gate, keys: MemoryKeys) -> None:
    await make(keys)
    await keys.revoke(next(iter(keys.rows.values())).id)
    with pytest.raises(NotAuthenticated):
        await gate.admit(None, HERE, 10)


async def test_a_key_brings_its_name_scopes_and_knowledge_bases(gate: Gate, keys: MemoryKeys) -> None:
    key = await make(keys, "ask", "approve", kbs=["main", "depot-2"])
    principal = await gate.admit(bearer(key), AWAY, 10)
    assert (principal.name, principal.scopes) == ("anna", {"ask", "approve"})
    assert principal.may("approve", "depot-2")
    assert not principal.may("ask", "other")
    assert not principal.may("ingest", "main")


async def test_the_scheme_is_read_in_any_case(gate: Gate, keys: MemoryKeys) -> None:
    key = await make(keys)
    assert (await gate.admit(f"bearer  {key} ", AWAY, 10)).name == "anna"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: bearer(key[:-1] + ("A" if key[-1] != "A" else "B")),
        lambda key: bearer(key[:3] + "00000000" + key[11:]),
        lambda key: bearer(key + "x"),
        lambda key: f"Basic {key}",
        lambda key: key,
        lambda key: "Bearer ",
        lambda key: bearer("kéy"),
        lambda key: bearer("a" * 100_000),
    ],
)
async def test_a_key_that_is_not_exactly_right_is_refused(gate: Gate, keys: MemoryKeys, spoil) -> None:
    key = await make(keys)
    with pytest.raises(NotAuthenticated):
        await gate.admit(spoil(key), HERE, 10)


async def test_the_id_must_belong_to_the_key(gate: Gate, keys: MemoryKeys) -> None:
    row, key = await forms.create(keys, "anna", ["ask"])
    forged = f"rd_00000000_{key[12:]}"
    await keys.add(row, forms.digest(forged))
    with pytest.raises(NotAuthenticated):
        await gate.admit(bearer(forged), HERE, 10)


async def test_wrong_credentials_are_refused_even_where_none_would_do(gate: Gate) -> None:
    with pytest.raises(NotAuthenticated):
        await gate.admit("Bearer nonsense", HERE, 10)


async def test_a_revocation_is_seen_within_seconds_and_until_then_nobody_is_asked(
    gate: Gate, keys: MemoryKeys, clock: Clock
) -> None:
    key = await make(keys)
    for _ in range(5):
        await gate.admit(bearer(key), AWAY, 10)
    assert keys.asked == 1
    await keys.revoke(key[3:11])
    clock.now = 2.5
    with pytest.raises(NotAuthenticated):
        await gate.admit(bearer(key), AWAY, 10)


async def test_what_the_gate_remembers_is_bounded_and_holds_no_unknown_key(keys: MemoryKeys, clock: Clock) -> None:
    gate = KeyGate(keys, GateSettings(), 1000, most=2, clock=clock)
    made = [await make(keys) for _ in range(3)]
    for key in made:
        await gate.admit(bearer(key), AWAY, 10)
    for number in range(5):
        with pytest.raises(NotAuthenticated):
            await gate.admit(bearer(f"rd_0000000{number}_" + "x" * 43), AWAY, 10)
    assert keys.asked == 8
    await gate.admit(bearer(made[2]), AWAY, 10)
    assert keys.asked == 8
    await gate.admit(bearer(made[0]), AWAY, 10)
    assert keys.asked == 9


async def test_too_much_is_refused_before_anything_is_asked(gate: Gate, keys: MemoryKeys) -> None:
    await gate.admit(None, HERE, 1000)
    with pytest.raises(TooLarge) as refused:
        await gate.admit("Bearer nonsense", AWAY, 1001)
    assert "1000" in refused.value.message


async def test_approval_is_on_as_soon_as_a_live_key_may_approve(keys: MemoryKeys, clock: Clock) -> None:
    gate = KeyGate(keys, GateSettings(), 1000, clock=clock)
    assert not await gate.approval_on()
    await make(keys, "ask")
    clock.now += 3
    assert not await gate.approval_on()
    key = await make(keys, "approve")
    clock.now += 3
    assert await gate.approval_on()
    await keys.revoke(key[3:11])
    clock.now += 3
    assert not await gate.approval_on()
    await make(keys, "admin")
    clock.now += 3
    assert await gate.approval_on()


async def test_approval_can_be_set_either_way(keys: MemoryKeys) -> None:
    assert await KeyGate(keys, GateSettings(approval=True), 1000).approval_on()
    await make(keys, "approve")
    assert not await KeyGate(keys, GateSettings(approval=False), 1000).approval_on()
