"""The interpreter, set for a process that serves for a long time, and set back when it no longer does."""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SWITCH_S = 0.0005  # by default a busy loop holds the interpreter 5 ms a turn; a commit waits for several turns
YOUNG = 5_000  # new objects between two searches for garbage; Python's 700 are not even one question's
M_ARENA_MAX = -8  # of glibc's malloc.h
ARENAS = 2  # by default every thread gets a heap of its own, each with what it no longer needs


@contextmanager
def serving() -> Iterator[None]:
    """Until `loaded` nothing is searched for garbage: what a service loads while it starts, it keeps."""
    switch, threshold = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(SWITCH_S)
    gc.disable()
    glibc("mallopt", M_ARENA_MAX, ARENAS)
    try:
        yield
    finally:
        sys.setswitchinterval(switch)
        gc.unfreeze()
        gc.set_threshold(*threshold)
        gc.enable()


def loaded() -> None:
    """From here on a search leaves out all that is there now; what loading took for a while goes back to the system."""
    gc.collect()
    glibc("malloc_trim", 0)
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
    gc.enable()


def glibc(name: str, *values: int) -> None:
    """On Linux with another library, and elsewhere, memory is left as it is."""
    call = getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
    if call:
        call(*values)
