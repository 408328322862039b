"""Prompts of Langfuse, over its own client and a server that speaks its protocol."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("langfuse")

from app.core.errors import NotFound, PromptError, PromptStoreUnavailable
from app.core.feedback import Credit, Feedback, FeedbackRow
from app.core.settings.prompts import LangfuseSettings
from app.prompts.files import FilePrompts
from app.prompts.langfuse.client import Langfuse, Score
from app.prompts.langfuse.remote import RemotePrompts
from app.prompts.langfuse.scores import ScoreQueue, scores_of
from app.prompts.room import PromptRoom
from tests.langfuse_server import PUBLIC, SECRET, Remote, langfuse_server

FILES = FilePrompts().load()
TEXT = FILES.written("analyze").text
OTHER = TEXT.replace("You diagnose faults of railway", "You find faults of railway")


@pytest.fixture(scope="module")
def process() -> Iterator[Remote]:
    with langfuse_server() as made:
        yield made


@pytest.fixture
def server(process: Remote) -> Remote:
    process.set(prompts={}, scores={}, fault="none", requests=0, slow_s=10.0)
    return process


@pytest.fixture
def client(server: Remote) -> Iterator[Langfuse]:
    made = client_of(server.url)
    yield made
    made.close()


def client_of(url: str, secret: str = SECRET, timeout_s: float = 0.5) -> Langfuse:
    return Langfuse(LangfuseSettings(host=url, timeout_s=timeout_s), (PUBLIC, secret))


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as made:
        yield made


def until(holds: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.01)
    return False


def test_a_prompt_goes_there_and_comes_back_as_it_was(client: Langfuse, server: Remote) -> None:
    made = client.create("analyze", TEXT, ["staging", "latest"], "first", "abc")
    assert (made.name, made.version, set(made.labels)) == ("analyze", 1, {"staging", "latest"})
    client.create("analyze", OTHER, ["prod-a"], "", "def")
    assert client.get("analyze", label="staging").text == TEXT
    assert client.get("analyze", label="latest").version == 2
    assert client.get("analyze", version=2).text == OTHER
    client.relabel("analyze", 2, ["staging"])
    assert client.get("analyze", label="staging").version == 2
    assert client.versions() == {"analyze": (1, 2)}
    kept = server.stats()["prompts"]["rail-debug-analyze"]
    assert kept[0]["config"] == {"sha256": "abc"} and kept[0]["commitMessage"] == "first"


def test_prompts_of_other_programs_are_not_ours(client: Langfuse, server: Remote) -> None:
    server.set(
        prompts={"poem": [{"name": "poem", "type": "text", "version": 1, "labels": [], "tags": [], "config": {}}]}
    )
    assert client.versions() == {}


def test_what_is_not_there_is_told_apart_from_who_is_not_there(client: Langfuse, server: Remote) -> None:
    with pytest.raises(NotFound):
        client.get("analyze", label="production")
    with pytest.raises(PromptStoreUnavailable, match="401"):
        client_of(server.url, secret="wrong").get("analyze", label="production")
    with pytest.raises(PromptStoreUnavailable, match="cannot be reached"):
        client_of("http://127.0.0.1:9").get("analyze", label="production")


@pytest.mark.parametrize("fault", ["black hole", "500", "slow", "wrong JSON", "wrong shape"])
def test_every_fault_of_the_server_is_one_error_of_ours(client: Langfuse, server: Remote, fault: str) -> None:
    server.set(fault=fault)
    for call in (
        lambda: client.get("analyze", label="production"),
        client.versions,
        lambda: client.create("analyze", TEXT, [], "", ""),
        lambda: client.relabel("analyze", 1, ["staging"]),
    ):
        with pytest.raises(PromptStoreUnavailable):
            call()
    if fault != "wrong shape":  # of an acceptance nothing is read
        with pytest.raises(PromptStoreUnavailable):
            client.score([Score("1", "t", "user-feedback", 1.0)])


def test_a_closed_client_says_so(client: Langfuse) -> None:
    client.load()
    client.close()
    with pytest.raises(PromptStoreUnavailable):
        client.get("analyze", label="production")


def test_the_label_is_used_and_the_answer_says_so(client: Langfuse, pool: ThreadPoolExecutor) -> None:
    client.create("analyze", OTHER, ["production"], "", "")
    remote = RemotePrompts(client, pool, fresh_s=0.05)
    room = PromptRoom(FILES, "production", remote)
    run = room.current()
    assert run.pick("analyze", "small").label == "analyze@1/small"  # the file, for nobody waits
    assert until(lambda: room.current().pick("analyze", "small").label == "analyze@1/small+langfuse")
    assert run.pick("analyze", "small").label == "analyze@1/small"  # this run has begun with the file
    rendered = room.current().pick("analyze", "x").render(question="q", passages=())
    assert "You find faults" in rendered[0][1]
    assert until(lambda: room.current().pick("judge", "x").label == "judge@1/default")


def test_a_label_that_has_moved_is_followed(client: Langfuse, pool: ThreadPoolExecutor) -> None:
    client.create("analyze", TEXT, ["production"], "", "")
    client.create("analyze", OTHER, [], "", "")
    remote = RemotePrompts(client, pool, fresh_s=0.05)
    assert until(lambda: (found := remote.get("analyze", "production")) is not None and found.version == 1)
    client.relabel("analyze", 2, ["production"])
    assert until(lambda: (found := remote.get("analyze", "production")) is not None and found.version == 2)


def test_a_dead_server_leaves_what_it_said_last(client: Langfuse, server: Remote, pool: ThreadPoolExecutor) -> None:
    client.create("analyze", TEXT, ["production"], "", "")
    remote = RemotePrompts(client, pool, fresh_s=0.05, retry_s=0.05)
    assert until(lambda: remote.get("analyze", "production") is not None)
    server.set(fault="500")
    assert until(lambda: "500" in str(remote.get("analyze", "production") and remote.states()["analyze:production"]))
    assert remote.get("analyze", "production") is not None
    server.set(fault="none")
    assert until(lambda: remote.get("analyze", "production") is not None and not remote.states()["analyze:production"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("You are a poet.", "front matter"),
        (TEXT.replace("name: analyze", "name: judge"), "is never given"),
        (TEXT.replace("  codes: optional\n", ""), "codes is not declared"),
        (TEXT.replace("[default, small]", "[small]"), "default"),
        (TEXT.replace("{{ question | fenced", "{{ question | nosuch"), "nosuch"),
    ],
)
def test_a_prompt_that_would_not_do_as_a_file_is_refused(
    client: Langfuse, pool: ThreadPoolExecutor, text: str, why: str
) -> None:
    client.create("analyze", text, ["production"], "", "")
    remote = RemotePrompts(client, pool)
    room = PromptRoom(FILES, "production", remote)
    assert until(lambda: bool(room.current().pick("analyze", "x") and remote.states()))
    assert why in remote.states()["analyze:production"]
    assert room.current().pick("analyze", "x").label == "analyze@1/default"


def test_a_chat_prompt_and_a_deleted_one_give_way_to_the_file(
    client: Langfuse, server: Remote, pool: ThreadPoolExecutor
) -> None:
    client.create("analyze", TEXT, ["production"], "", "")
    remote = RemotePrompts(client, pool, fresh_s=0.02)
    assert until(lambda: remote.get("analyze", "production") is not None)
    chat = server.stats()["prompts"]["rail-debug-analyze"][0] | {"type": "chat", "version": 2}
    server.set(prompts={"rail-debug-analyze": [chat | {"prompt": [{"role": "user", "content": "x"}]}]})
    assert until(lambda: remote.get("analyze", "production") is None)
    assert "chat prompt" in remote.states()["analyze:production"]
    server.set(prompts={})
    assert until(lambda: "no such" in str(remote.get("analyze", "production") or remote.states()["analyze:production"]))


def test_a_dead_server_is_asked_seldom(client: Langfuse, server: Remote, pool: ThreadPoolExecutor) -> None:
    server.set(fault="500")
    remote = RemotePrompts(client, pool, retry_s=60)
    for _ in range(200):
        assert remote.get("analyze", "production") is None
        time.sleep(0.001)
    assert until(lambda: bool(remote.states()))
    for _ in range(200):
        remote.get("analyze", "production")
    assert server.stats()["requests"] == 1


async def test_warming_up_waits_no_longer_than_told(server: Remote, pool: ThreadPoolExecutor) -> None:
    slow = client_of(server.url, timeout_s=5)
    slow.load()
    server.set(fault="slow", slow_s=3.0)
    begun = time.monotonic()
    remote = RemotePrompts(slow, pool)
    await remote.warm([("analyze", "production")], 0.1)
    assert time.monotonic() - begun < 2.5
    slow.close()


def row(**said: object) -> FeedbackRow:
    credit = Credit("analyze@1/default", "m@1#0", "a" * 32)
    return FeedbackRow(Feedback("r1", **said), credit, "main", "anna", 1.0)  # type: ignore[arg-type]


def test_feedback_becomes_scores_once(client: Langfuse, server: Remote) -> None:
    scores = ScoreQueue(client, 100)
    said = row(thumbs="down", corrected_cause="moisture", text="no", closed_case=True)
    for _ in range(2):
        scores.put(*scores_of(said))
    assert until(lambda: scores.sent == 6)
    scores.close()
    kept = server.stats()["scores"].values()
    assert {(s["name"], s["value"], s.get("comment")) for s in kept} == {
        ("user-feedback", 0.0, "no"),
        ("corrected-cause", 1.0, "moisture"),
        ("case-closed", 1.0, None),
    }
    assert {s["traceId"] for s in kept} == {"a" * 32}
    assert all(s["metadata"]["prompt"] == "analyze@1/default" for s in kept)


def test_an_answer_without_a_trace_has_nothing_to_score() -> None:
    assert scores_of(FeedbackRow(Feedback("r", "up"), Credit(), "main", "anna", 1.0)) == ()


def test_scores_wait_for_the_server_and_never_for_ever(client: Langfuse, server: Remote) -> None:
    server.set(fault="500")
    scores = ScoreQueue(client, 5, retry_s=0.05)
    for number in range(80):
        scores.put(Score(str(number), "t", "user-feedback", 1.0))
    assert scores.dropped > 0
    server.set(fault="none")
    assert until(lambda: scores.sent + scores.dropped == 80)
    scores.close()
    server.set(fault="black hole")
    stuck = ScoreQueue(client, 5, retry_s=60)
    stuck.put(Score("x", "t", "user-feedback", 1.0))
    begun = time.monotonic()
    stuck.close()
    assert time.monotonic() - begun < 5


def test_a_prompt_that_is_missing_stops_the_start() -> None:
    from app.prompts.files import FileSet

    with pytest.raises(PromptError, match="judge"):
        PromptRoom(FileSet({name: w for name, w in FILES.prompts.items() if name != "judge"}))
