"""How the interpreter is set while a service runs."""

import gc
import sys

from app.services import process


def test_a_service_is_not_searched_for_garbage_while_it_loads_and_all_is_as_before_when_it_ends() -> None:
    before = sys.getswitchinterval(), gc.get_threshold()
    with process.serving():
        assert not gc.isenabled()
        process.loaded()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    assert (sys.getswitchinterval(), gc.get_threshold()) == before
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
