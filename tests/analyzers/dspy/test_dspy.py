"""A compiled program over another analyzer: what it asks, what it takes of the file, what it does with bad answers."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.analyzers.backends.dspy import DSPyAnalyzer
from app.analyzers.closing import closing
from app.analyzers.joining import check_layers, joined
from app.core.brief import Begin, Brief, Delta, End, Identity, Text
from app.core.errors import (
    AnalyzerBadOutput,
    AnalyzerContextExceeded,
    AnalyzerRateLimited,
    AnalyzerTimeout,
    AnalyzerUnavailable,
    InvalidSettings,
)
from app.core.question import Options, Question
from app.core.settings.analyzers import AnalyzerSpec
from app.receipts.check import Evidence, check
from app.receipts.draft import Cutter
from app.receipts.ledger import Ledger
from tests.fakes import FakeAnalyzer
from tests.receipts.passages import brake

dspy = pytest.importorskip("dspy")

from app.analyzers.dspy import program  # noqa: E402

MEANING = next(part for part in brake().parts if part.role == "definition")
ROW = {"kind": "meaning", "text": brake().slice(MEANING), "citations": [1], "code": "E73-B"}
GOOD = json.dumps({"statements": [ROW]})
BRIEF = Brief(Question("What is E73-B?", log="12:01 E73-B"), (brake(),), ("E73-B",), options=Options(max_tokens=77))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As compiling leaves it: other instructions, an example, and the model it was compiled with."""
    made = program.Program()
    made.diagnose.signature = made.diagnose.signature.with_instructions("Say only what stands there. NONCE-INSTRUCTION")
    example = program.inputs(replace(BRIEF, question=Question("NONCE-EXAMPLE")), ())
    made.diagnose.demos = [dspy.Example(**example, statements=[program.Said(kind="cause", text="A cock is closed.")])]
    made.diagnose.lm = dspy.LM("openai/spy", api_base="http://192.0.2.1/v1", api_key="none")
    path = tmp_path_factory.mktemp("program") / "diagnose.json"
    program.save(made, path)
    return path


def built(path: Path, inner: FakeAnalyzer) -> DSPyAnalyzer:
    row = DSPyAnalyzer("row", AnalyzerSpec.model_validate({"kind": "dspy", "program": path, "over": inner.name}))
    joined(row, {inner.name: inner}.__getitem__)
    return row


async def told(analyzer: DSPyAnalyzer, brief: Brief = BRIEF) -> list[Delta]:
    await analyzer.load()
    async with closing(analyzer.stream(brief)) as stream:
        return [delta async for delta in stream]


def spoken(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, Text))


async def test_the_model_is_asked_with_the_compiled_instructions_and_examples(compiled: Path) -> None:
    inner = FakeAnalyzer("model", GOOD)
    begin, *_, end = await told(built(compiled, inner))
    (asked,) = inner.briefs
    assert asked.prompts is not None
    rendered = asked.prompts.pick("analyze", "any").render(anything="at all")
    whole = "\n".join(text for _, text in rendered)
    assert rendered[0][0] == "system" and "NONCE-INSTRUCTION" in rendered[0][1]
    assert rendered[-1][0] == "user" and "What is E73-B?" in rendered[-1][1] and "12:01 E73-B" in rendered[-1][1]
    assert "NONCE-EXAMPLE" in whole and brake().text.splitlines()[0] in whole
    assert asked.evidence == () and asked.options == BRIEF.options
    assert isinstance(begin, Begin) and begin.prompt.startswith("dspy:diagnose@")
    assert isinstance(end, End) and (end.tokens_in, end.tokens_out) == (10, 5)


async def test_its_statements_can_be_verified(compiled: Path) -> None:
    cutter = Cutter()
    statements = cutter.feed(spoken(await told(built(compiled, FakeAnalyzer("model", GOOD)))))
    evidence = Evidence(BRIEF.evidence, asked=frozenset(BRIEF.codes))
    assert [check(s, evidence, Ledger()).mark for s in statements] == ["supported"] and cutter.skipped == 0


async def test_no_statement_is_an_answer_too(compiled: Path) -> None:
    assert json.loads(spoken(await told(built(compiled, FakeAnalyzer("model", '{"statements": []}'))))) == {
        "statements": []
    }


async def test_the_model_that_was_saved_with_the_program_is_not_spoken_to(compiled: Path) -> None:
    assert "192.0.2.1" in compiled.read_text()
    assert program.load(compiled).diagnose.lm is None


@pytest.mark.parametrize(
    "text", ["I think it is the brake.", '{"answer": 1}', '{"statements": [{"kind": "poem"}]}', ""]
)
async def test_what_does_not_keep_to_the_form_is_bad_output(compiled: Path, text: str) -> None:
    with pytest.raises(AnalyzerBadOutput):
        await told(built(compiled, FakeAnalyzer("model", text or " ")))


async def test_an_error_of_the_model_is_the_programs_error(compiled: Path) -> None:
    error = AnalyzerRateLimited("wait", after=3.0)
    inner = FakeAnalyzer("model", GOOD, fails_after=0, error=error)
    with pytest.raises(AnalyzerRateLimited) as caught:
        await told(built(compiled, inner))
    assert caught.value is error
    assert len(inner.briefs) == 1  # retries are not DSPy's business


async def test_passages_are_left_out_until_the_model_takes_them(compiled: Path) -> None:
    class Narrow(FakeAnalyzer):
        async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
            assert brief.prompts is not None
            if brief.prompts.pick("", "").render()[-1][1].count("PASSAGE") > 2:
                raise AnalyzerContextExceeded("too long")
            async for delta in super().stream(brief):
                yield delta

    passages = tuple(replace(brake(), id=f"p{n}", text=f"PASSAGE {n}") for n in range(4))
    begin, *_ = await told(built(compiled, Narrow("model", GOOD)), replace(BRIEF, evidence=passages))
    assert isinstance(begin, Begin) and begin.dropped == ("p2", "p3")
    with pytest.raises(AnalyzerContextExceeded):
        long = tuple(replace(brake(), id=f"p{n}", text="PASSAGE " * 3) for n in range(2))
        await told(built(compiled, Narrow("model", GOOD)), replace(BRIEF, evidence=long))


async def test_who_leaves_frees_the_model(compiled: Path) -> None:
    inner = FakeAnalyzer("model", GOOD, pause=0.2)
    task = asyncio.create_task(told(built(compiled, inner)))
    while not inner.briefs:
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert inner.closed == 1


async def test_the_deadline_holds_for_the_whole_program(compiled: Path) -> None:
    inner = FakeAnalyzer("model", GOOD, pause=5)
    with pytest.raises(AnalyzerTimeout):
        await told(built(compiled, inner), replace(BRIEF, deadline=time.monotonic() + 0.2))


async def test_many_at_once_each_get_their_own_answer(compiled: Path) -> None:
    class Echo(FakeAnalyzer):
        async def stream(self, brief: Brief) -> AsyncIterator[Delta]:
            await asyncio.sleep(0.01)
            yield Begin(self.identity)
            yield Text(json.dumps({"statements": [{**ROW, "text": brief.question.text}]}))
            yield End()

    row = built(compiled, Echo("model"))
    await row.load()
    answers = await asyncio.gather(*(told(row, replace(BRIEF, question=Question(f"Q{n}"))) for n in range(12)))
    assert [json.loads(spoken(a))["statements"][0]["text"] for a in answers] == [f"Q{n}" for n in range(12)]


async def test_no_question_is_kept(compiled: Path) -> None:
    from dspy.clients.base_lm import GLOBAL_HISTORY

    await told(built(compiled, FakeAnalyzer("model", GOOD)))
    assert GLOBAL_HISTORY == []


def test_it_is_remote_where_its_model_is_and_changes_with_it(compiled: Path, tmp_path: Path) -> None:
    class Far(FakeAnalyzer):
        @property
        def identity(self) -> Identity:
            return Identity(self.name, "1", "1" * 64, remote=True, context=4096)

    near, far = built(compiled, FakeAnalyzer("model")), built(compiled, Far("model"))
    assert (near.identity.remote, far.identity.remote, far.identity.context) == (False, True, 4096)
    assert near.identity.digest != far.identity.digest
    other = tmp_path / "diagnose.json"
    other.write_text(compiled.read_text() + " ")
    assert built(other, FakeAnalyzer("model")).identity.digest != near.identity.digest


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"diagnose": {}}', "\x80"])
async def test_what_is_no_program_is_told(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "program.json"
    if content is not None:
        path.write_text(content, encoding="latin-1")
    row = built(path, FakeAnalyzer("model"))
    assert len(row.identity.digest) >= 8
    with pytest.raises(AnalyzerUnavailable, match="no compiled program"):
        await row.load()


async def test_a_pickled_program_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "program.pkl"
    path.write_bytes(b"cos\nsystem\n(S'touch opened'\ntR.")
    with pytest.raises(AnalyzerUnavailable):
        await built(path, FakeAnalyzer("model")).load()
    assert not Path("opened").exists()


@pytest.mark.parametrize(
    ("over", "told_as"),
    [("nobody", "no analyzer 'nobody'"), ("row", "row -> row leads"), ("two", "row -> two -> row leads")],
)
def test_a_row_that_leads_nowhere_is_refused(over: str, told_as: str) -> None:
    def layer(under: str) -> AnalyzerSpec:
        return AnalyzerSpec.model_validate({"kind": "dspy", "program": "x.json", "over": under})

    with pytest.raises(InvalidSettings, match=told_as):
        check_layers({"row": layer(over), "two": layer("row")})


async def test_the_manager_joins_it_and_loads_its_model_when_it_is_asked(compiled: Path) -> None:
    from tests.analyzers.houses import fake, house, table

    layer = AnalyzerSpec.model_validate({"kind": "dspy", "program": compiled, "over": "model"})
    async with house(table("row", row=layer, model=fake(mb=100))) as manager:
        with pytest.raises(AnalyzerBadOutput):  # the fake speaks no JSON, but it was asked
            async with closing(manager.bare("row").stream(BRIEF)) as stream:
                _ = [delta async for delta in stream]
        assert manager.states()["model"] == "ready"


async def test_a_table_may_bring_both_rows_and_lead_with_the_upper_one(compiled: Path) -> None:
    from tests.analyzers.houses import QUICK, house, table
    from tests.llm_stub import Behaviour, Stub

    server = Stub(Behaviour(text=GOOD))
    below = {"kind": "openai", "model": "m", "base_url": await server.start(), "retries": 0}
    rows = {
        "row": AnalyzerSpec.model_validate({"kind": "dspy", "program": compiled, "over": "model"}),
        "model": AnalyzerSpec.model_validate(below),
    }
    try:
        async with house(table(), settings=QUICK.model_copy(update={"probe_s": 60.0})) as manager:
            await manager.apply(table("row", **rows))
            assert manager.active == "row"
            async with closing(manager.pick(None).stream(BRIEF)) as stream:
                assert json.loads(spoken([delta async for delta in stream]))["statements"][0]["code"] == "E73-B"
    finally:
        await server.stop()


@pytest.mark.slow
def test_it_leaves_nothing_in_the_home_folder(compiled: Path, tmp_path: Path) -> None:
    """DSPy keeps a cache on disk, and litellm asks the network for prices: neither happens here."""
    code = f"""
import asyncio, sys
from pathlib import Path
from tests.analyzers.dspy.test_dspy import BRIEF, GOOD, built, told
from tests.fakes import FakeAnalyzer
asyncio.run(told(built(Path({str(compiled)!r}), FakeAnalyzer("model", GOOD))))
assert "litellm" not in sys.modules
"""
    root = Path(__file__).parents[3]
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, check=True, timeout=120)
    assert list(tmp_path.iterdir()) == []
