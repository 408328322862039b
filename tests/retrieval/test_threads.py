"""The one place where threads of numeric libraries are set."""

import os

import pytest

from app.core.settings.threads import ONE_EACH, one_each


def test_one_thread_each_unless_the_operator_has_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ONE_EACH:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    one_each()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "8"
    assert os.environ["TOKENIZERS_PARALLELISM"] == "false"
