"""Which layers go to a GPU: asked for, as many as fit, or none and why."""

import logging

from app.analyzers.llama_cpp.gguf import Facts
from app.analyzers.llama_cpp.memory import offloaded
from app.analyzers.llama_cpp.options import LlamaCppOptions
from app.analyzers.local.vram import free_vram

log = logging.getLogger(__name__)


def layers(facts: Facts, own: LlamaCppOptions, *, supported: bool, free: int | None) -> int:
    """`supported`: this build of llama.cpp can; `free`: bytes of VRAM, None when nobody tells."""
    asked = own.n_gpu_layers
    everything = len(facts.layers) + 1
    if asked == 0:
        return 0
    if not supported:
        if asked != "auto":
            log.warning("n_gpu_layers is %s, but this build of llama.cpp has no GPU: all layers stay in RAM.", asked)
        return 0
    if asked != "auto":
        return everything if asked < 0 else min(asked, everything)
    if free is None:
        log.warning("How much VRAM is free cannot be read: all layers stay in RAM unless n_gpu_layers says a number.")
        return 0
    return offloaded(facts, own, free)


def supported() -> bool:
    try:
        import llama_cpp
    except ImportError:
        return False
    return bool(llama_cpp.llama_supports_gpu_offload())


def planned(facts: Facts, own: LlamaCppOptions) -> int:
    """`layers` of this machine, for an estimate: where no GPU is seen the library need not be imported."""
    free = free_vram()
    if own.n_gpu_layers == 0 or (own.n_gpu_layers == "auto" and free is None):
        return 0
    return layers(facts, own, supported=supported(), free=free)
