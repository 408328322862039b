"""The benchmark itself: what it starts answers rightly, and what it counts is so."""

import argparse
import asyncio
import json
import os
from contextlib import ExitStack

import pytest

from tests.bench.service import load, process, run, shelf

CHUNKS = 200


def test_the_shelf_finds_the_fault_that_is_asked_for() -> None:
    index = shelf.Index(CHUNKS)
    for question in shelf.questions(CHUNKS, 40):
        hits = index.search(question)
        assert {piece.source for _, piece in hits} == {f"{shelf.asked(question)}.md"}
        assert any(shelf.cause(shelf.asked(question)) in piece.text for _, piece in hits)
        assert 3000 < len(shelf.prompt(question, hits)) < 4000


def test_the_files_hold_what_the_peers_hold(tmp_path) -> None:
    shelf.write(tmp_path, CHUNKS)
    text = "".join(file.read_text() for file in tmp_path.iterdir())
    assert all(piece.text in text for piece in shelf.pieces(CHUNKS))


def test_this_process_has_used_cpu_and_memory() -> None:
    assert process.cpu_seconds(os.getpid()) > 0
    assert process.rss_mb(os.getpid()) > 10


def test_percentiles_are_taken_from_the_ranked_answers() -> None:
    measured = load.Measured(load.Window(1, 2.0, 0.0), latencies=[number / 1000 for number in range(100, 0, -1)])
    assert (measured.percentile(0.5), measured.percentile(0.99), measured.per_second) == (51.0, 100.0, 50.0)


@pytest.mark.slow
def test_the_floor_is_measured_against_the_model_and_written_down() -> None:
    given = argparse.Namespace(chunks=CHUNKS, rounds=1, seconds=0.5, warm_up=0.1)
    with ExitStack() as stack:
        model = run.start_model(stack)
        status, told = asyncio.run(load.once(model, "/v1/chat/completions", streaming_request()))
        services = [run.start(stack, "floor", model, CHUNKS)]
        rounds = run.measure(services, model, given)
    assert (status, told.count(b"data: ")) == (200, 20)
    cells = rounds[0].values()
    assert all(cell.latencies and not cell.wrong and cell.model_calls == cell.answers for cell in cells)
    assert all(cell.percentile(0) >= 50 for (_, _, latency), cell in rounds[0].items() if latency == 50)
    assert run.report(rounds, services, given).count("| FastAPI + httpx (floor) |") == len(rounds[0])


def streaming_request() -> bytes:
    index = shelf.Index(CHUNKS)
    prompt = shelf.prompt("E100-A", index.search("E100-A"))
    return json.dumps({"stream": True, "messages": [{"role": "user", "content": prompt}]}).encode()
