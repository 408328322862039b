"""A GGUF file opened by llama.cpp without a word on the service's own output."""

import ctypes
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from app.analyzers.llama_cpp.options import LlamaCppOptions
from app.core.errors import AnalyzerUnavailable, MissingExtra

log = logging.getLogger("llama.cpp")
LEVELS = {3: logging.WARNING}  # its errors; its warnings are of no use to an operator


@contextmanager
def opened(own: LlamaCppOptions, gpu_layers: int) -> Iterator[Any]:
    """Raises `MissingExtra`, or `AnalyzerUnavailable` when llama.cpp cannot load it."""
    try:
        import llama_cpp
    except ImportError as error:
        raise MissingExtra("llama-cpp-python", "llama-cpp") from error
    _quiet()
    try:
        llama = _class()(
            str(own.path),
            n_ctx=own.n_ctx,
            n_batch=own.n_batch,
            n_gpu_layers=gpu_layers,
            n_threads=own.threads,
            n_threads_batch=own.threads,
            type_k=getattr(llama_cpp, f"GGML_TYPE_{own.type_k.upper()}"),
            type_v=getattr(llama_cpp, f"GGML_TYPE_{own.type_v.upper()}"),
            flash_attn=own.flash,
            use_mmap=own.use_mmap,
            use_mlock=own.use_mlock,
            no_perf=True,
            verbose=True,  # see `_class`
        )
    except ValueError as error:
        hint = "Verify the file; if it is whole, this build of llama.cpp does not know its architecture."
        raise AnalyzerUnavailable(f"llama.cpp could not load {own.path}: {error}", hint=hint) from error
    try:
        yield llama
    finally:
        llama.close()


@cache
def _class() -> Any:
    """Asked to be silent, the binding sends the whole process's output to nowhere while it reads the weights.

    So it is asked to be loud until it has read them, and its log goes to `logging`.
    """
    import llama_cpp

    class Quiet(llama_cpp.Llama):  # type: ignore[misc]
        @property
        def verbose(self) -> bool:
            return "_model" not in self.__dict__

        @verbose.setter
        def verbose(self, asked: bool) -> None:
            """It is decided above."""

    return Quiet


@cache
def _quiet() -> Any:
    """Returned, and so kept: llama.cpp holds no reference to what it calls."""
    import llama_cpp

    @llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
    def said(level: int, text: bytes, _: object) -> None:
        log.log(LEVELS.get(level, logging.DEBUG), "%s", text.decode("utf-8", "replace").rstrip())

    llama_cpp.llama_log_set(said, ctypes.c_void_p(0))
    return said
