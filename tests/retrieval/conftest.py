"""What most tests of this room stand on."""

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest

from tests.retrieval.fakes import MemoryTruth


@pytest.fixture
def truth() -> MemoryTruth:
    return MemoryTruth()


@pytest.fixture(scope="session")
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(os.cpu_count() or 2) as made:
        yield made
