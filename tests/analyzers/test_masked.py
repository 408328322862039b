"""What a remote analyzer is given, and what comes back of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from app.analyzers.masked import Masked
from app.core.brief import Begin, Brief, Identity, Text, Turn
from app.core.question import Attachment, CodeFragment, Question
from app.telemetry import masking
from app.telemetry.personal import PRESETS, Personal, patterns
from tests.fakes import FakeAnalyzer, passage

TOLD = "E73-B: train 4711 lost host tcms-01.depot.internal. Driver 10442 saw it at km 12.345."
BRIEF = Brief(
    Question(
        f"{TOLD} password=hunter2",
        log="train 4712 token=abc123secret",
        code=CodeFragment("python", "HOST = 'tcms-02.depot.internal'"),
        attachments=(Attachment("train 4711.log", "driver 10442"),),
    ),
    evidence=(passage(text=TOLD, title="Train 4711"), passage(id="p2")),
    codes=("E73-B",),
    history=(Turn("user", "train 4713 again"),),
)


@dataclass
class Remote(FakeAnalyzer):
    @property
    def identity(self) -> Identity:
        return Identity(self.name, "1", "0" * 64, remote=True)


@pytest.fixture(autouse=True)
def presets() -> Iterator[None]:
    before = masking.configure(Personal(patterns(PRESETS, {})))
    yield
    masking.configure(before)


async def said(analyzer: Masked, brief: Brief = BRIEF) -> str:
    return "".join([delta.text async for delta in analyzer.stream(brief) if isinstance(delta, Text)])


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
async def test_it_sees_placeholders_and_its_answer_has_the_pieces(size: int) -> None:
    text = "Train [train_1] lost [host_1]; driver [driver_1], [position_1], [train_9] and [1]."
    inner = Remote(text=text, size=size)
    assert await said(Masked(inner)) == (
        "Train 4711 lost tcms-01.depot.internal; driver 10442, km 12.345, [train_9] and [1]."
    )
    given = inner.briefs[0]
    seen = repr(replace(given, prompts=None))
    for piece in ("4711", "4712", "4713", "10442", "tcms-0", "12.345", "hunter2", "abc123secret"):
        assert piece not in seen
    assert "E73-B" in given.question.text
    assert given.codes == ("E73-B",)
    assert given.evidence[0].parts == ()
    assert given.evidence[1] == BRIEF.evidence[1]


async def test_begin_comes_first_and_what_waits_comes_before_the_end() -> None:
    deltas = [delta async for delta in Masked(Remote(text="ends with [tra", size=3)).stream(BRIEF)]
    assert isinstance(deltas[0], Begin)
    assert "".join(delta.text for delta in deltas if isinstance(delta, Text)) == "ends with [tra"
    assert not isinstance(deltas[-1], Text)


async def test_a_known_code_is_no_personal_data_whatever_it_looks_like() -> None:
    masking.configure(Personal(patterns((), {"unit": r"E\d\d-[A-Z]"})))
    inner = Remote()
    await said(Masked(inner), replace(BRIEF, question=Question("E73-B or E99-Z?")))
    assert inner.briefs[0].question.text == "E73-B or [unit_1]?"


async def test_switched_off_it_hands_the_brief_on_as_it_is() -> None:
    masking.configure(Personal(patterns(PRESETS, {}), remote=False))
    inner = Remote(text="[train_1]")
    assert await said(Masked(inner)) == "[train_1]"
    assert inner.briefs[0] is BRIEF


async def test_a_long_log_is_read_beside_the_event_loop_and_hidden_too() -> None:
    inner = Remote()
    await said(Masked(inner), replace(BRIEF, question=Question("?", log="train 4711\n" * 6_000)))
    assert "4711" not in inner.briefs[0].question.log
