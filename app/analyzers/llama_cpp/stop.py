"""A switch that ends what llama.cpp computes, even in the middle of a long prompt."""

import ctypes
from typing import Any


class Stop:
    """llama.cpp asks a C function after each piece of a computation whether to end it. One in Python would take the

    interpreter's lock hundreds of times a token; `strlen` of a buffer says the same: 0 while its first byte is 0.
    """

    def __init__(self, llama: Any) -> None:
        import llama_cpp

        self._byte = ctypes.create_string_buffer(2)
        libc = ctypes.cdll.msvcrt if hasattr(ctypes, "windll") else ctypes.CDLL(None)
        asked = ctypes.cast(libc.strlen, llama_cpp.llama_cpp.ggml_abort_callback)
        llama_cpp.llama_set_abort_callback(llama.ctx, asked, ctypes.cast(self._byte, ctypes.c_void_p))

    def on(self) -> None:
        self._byte[0] = b"\x01"

    def off(self) -> None:
        self._byte[0] = b"\x00"
