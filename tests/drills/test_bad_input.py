"""Whatever is asked, the service answers or says what is wrong, soon, and nothing of it breaks."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.drills.bad_input import CASES, ask, client

BOUND = 10_000  # ms; each takes well under a second on an idle machine, see docs/reports/bad-input.md

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PIECES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["E73-B", "e73b", "E 73 B", "0x1F", "5 bar", "PNT-2501", "\ud800", "\x00", "\u202e", "'", '"', "\\"]
    ),
    st.sampled_from(["AND", "OR", "NOT", "text:", "[a TO b]", "(", ")", "^2", "~", "*", "/", "{", "}", "--", ";", "%"]),
    st.integers().map(str),
    st.dates().map(str),
    st.characters(categories=["Cc", "Cf", "Co", "Cs", "Mn", "Nd", "So"]).flatmap(
        lambda c: st.integers(1, 300).map(lambda n: c * n)
    ),
)
QUESTIONS = st.lists(PIECES, max_size=40).map(" ".join) | st.lists(PIECES, max_size=40).map("".join)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(stocked: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    import shutil

    home = tmp_path_factory.mktemp("bad") / "home"
    shutil.copytree(stocked, home)
    async with client(home) as made:
        yield made


async def count(door: httpx.AsyncClient) -> int:
    return len((await door.get("/api/v1/documents")).json()["documents"])


@pytest.mark.parametrize("field", ["question", "log"])
@pytest.mark.parametrize("case", CASES)
async def test_a_bad_question_is_answered_or_refused_in_time(door: httpx.AsyncClient, case: str, field: str) -> None:
    before = await count(door)
    seen = await ask(door, case, CASES[case], field)
    assert seen.status in (200, 400), seen
    assert seen.milliseconds < BOUND, seen
    assert await count(door) == before > 0
    assert (await ask(door, "as before", "E73-B?")).told == "answered"


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=QUESTIONS, field=st.sampled_from(["question", "log"]))
async def test_no_text_breaks_it(door: httpx.AsyncClient, text: str, field: str) -> None:
    seen = await ask(door, "random", text, field)
    assert seen.status in (200, 400), seen
    assert seen.milliseconds < BOUND, seen


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["question", "log", "asset", "at", "options", "code", "attachments", "x"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
async def test_no_shape_breaks_it(door: httpx.AsyncClient, body: object) -> None:
    import json

    reply = await door.post("/api/v1/debug", content=json.dumps(body), headers={"content-type": "application/json"})
    assert reply.status_code in (200, 400, 422), (body, reply.text)
    assert reply.json().get("verdict") or reply.json()["code"]
