"""One thread, a bounded queue, a stream back to the loop: nothing waits for ever, whoever leaves or dies."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.analyzers.local.inbox import Inbox, Job
from app.analyzers.local.options import LocalOptions
from app.analyzers.local.worker import Worker
from app.core.brief import Brief, Delta, End, Identity, Text
from app.core.errors import AnalyzerError, AnalyzerRateLimited, AnalyzerTimeout, AnalyzerUnavailable, NotFound
from app.core.question import Question

WHO = Identity("echo", "1", "0" * 8)


class Echo:
    """Says the question's words; `gate` holds it before each question, `breaks` kills its thread."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.threads: set[int] = set()
        self.closed = False
        self.interrupted = False

    def serve(self, inbox: Inbox) -> None:
        while job := inbox.take():
            self.threads.add(threading.get_ident())
            self.gate.wait()
            if job.brief.question.text == "die":
                raise SystemError("the library is gone")
            for word in job.brief.question.text.split():
                job.out.put(Text(f"{word} "))
            job.out.put(End(1, 2))
            job.out.close()

    def interrupt(self) -> None:
        self.interrupted = True
        self.gate.set()

    def count(self, text: str) -> int:
        return len(text.split())


@contextmanager
def opened(echo: Echo) -> Iterator[Echo]:
    yield echo
    echo.closed = True


def job(text: str, *, waiting: int = 32, deadline: float = float("inf")) -> Job:
    return Job(Brief(Question(text), deadline=deadline), LocalOptions(waiting=waiting), WHO)


async def told(asked: Job) -> list[Delta]:
    return [delta async for delta in asked.out.read("echo", asked.brief.deadline)]


@pytest.fixture
async def echo() -> Echo:
    return Echo()


@pytest.fixture
async def worker(echo: Echo) -> Worker[Echo]:
    made = Worker("echo", lambda: opened(echo))
    await made.start()
    return made


async def test_answers_come_whole_and_in_order_from_one_thread(echo: Echo, worker: Worker[Echo]) -> None:
    jobs = [job(f"question number {n}") for n in range(16)]
    for asked in jobs:
        worker.put(asked)
    answers = await asyncio.gather(*map(told, jobs))
    assert ["".join(d.text for d in answer if isinstance(d, Text)) for answer in answers] == [
        f"question number {n} " for n in range(16)
    ]
    assert all(isinstance(answer[-1], End) for answer in answers)
    assert len(echo.threads) == 1 and worker.count("two words") == 2
    await worker.stop()
    assert echo.closed and worker.count("two words") is None


async def test_more_than_may_wait_are_turned_away_and_who_has_left_takes_no_place(
    echo: Echo, worker: Worker[Echo]
) -> None:
    echo.gate.clear()
    first = job("a")
    worker.put(first)
    await until(lambda: bool(echo.threads))
    waiting = [job("b", waiting=2), job("c", waiting=2)]
    for asked in waiting:
        worker.put(asked)
    with pytest.raises(AnalyzerRateLimited, match="2 questions waiting"):
        worker.put(job("d", waiting=2))
    waiting[0].leave()
    worker.put(job("d", waiting=2))
    echo.gate.set()
    assert len(await told(waiting[1])) == 2
    await worker.stop()


async def test_a_question_whose_time_is_over_is_not_begun(echo: Echo, worker: Worker[Echo]) -> None:
    echo.gate.clear()
    worker.put(job("a"))
    late = job("b", deadline=time.monotonic() + 0.05)
    worker.put(late)
    with pytest.raises(AnalyzerTimeout):
        await told(late)
    echo.gate.set()
    await worker.stop()


async def test_an_answer_without_end_ends_at_its_deadline() -> None:
    endless = job("a", deadline=time.monotonic() + 0.1)

    async def write() -> None:
        while True:
            endless.out.put(Text("and "))
            await asyncio.sleep(0.001)

    writer = asyncio.create_task(write())
    with pytest.raises(AnalyzerTimeout):
        await asyncio.wait_for(told(endless), 5)
    writer.cancel()


async def test_stopping_tells_whoever_waits_and_interrupts_what_runs(echo: Echo, worker: Worker[Echo]) -> None:
    echo.gate.clear()
    running, waiting = job("a"), job("b")
    worker.put(running)
    await until(lambda: bool(echo.threads))
    worker.put(waiting)
    await worker.stop()
    with pytest.raises(AnalyzerUnavailable, match="unloaded"):
        await told(waiting)
    assert echo.interrupted and echo.closed
    with pytest.raises(AnalyzerUnavailable):
        worker.put(job("c"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_thread_that_dies_leaves_nobody_waiting(echo: Echo, worker: Worker[Echo]) -> None:
    echo.gate.clear()
    fatal, waiting = job("die"), job("b")
    for asked in (fatal, waiting):
        worker.put(asked)
    echo.gate.set()
    for asked in (fatal, waiting):
        with pytest.raises(AnalyzerError):
            await asyncio.wait_for(told(asked), 5)
    await worker.stop()


async def test_what_opening_raises_is_raised_at_start() -> None:
    @contextmanager
    def broken() -> Iterator[Echo]:
        raise AnalyzerUnavailable("no such file")
        yield Echo()

    with pytest.raises(AnalyzerUnavailable, match="no such file"):
        await Worker("echo", broken).start()


async def test_an_errand_is_run_on_the_models_thread_and_its_error_comes_back(echo: Echo, worker: Worker[Echo]) -> None:
    worker.put(job("a"))
    here = await worker.errand(lambda model: threading.get_ident())
    assert here != threading.get_ident()

    def missing(model: Echo) -> None:
        raise NotFound("no such adapter")

    with pytest.raises(NotFound):
        await worker.errand(missing)
    assert len(await told_next(worker)) == 2
    await worker.stop()
    with pytest.raises(AnalyzerUnavailable):
        await worker.errand(missing)


async def told_next(worker: Worker[Echo]) -> list[Delta]:
    asked = job("b")
    worker.put(asked)
    return await told(asked)


async def until(true: object) -> None:
    async with asyncio.timeout(5):
        while not true():  # type: ignore[operator]
            await asyncio.sleep(0.001)
