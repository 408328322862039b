"""How much memory a GGUF model takes, and how many of its layers a GPU can hold: from its head and options alone."""

from app.analyzers.llama_cpp.gguf import Facts
from app.analyzers.llama_cpp.options import LlamaCppOptions
from app.core.brief import Footprint

BYTES = {
    "f32": 4,
    "f16": 2,
    "bf16": 2,
    "q8_0": 34 / 32,
    "q5_1": 24 / 32,
    "q5_0": 22 / 32,
    "q4_1": 20 / 32,
    "q4_0": 18 / 32,
}
LIBRARY = 64 * 2**20  # the binding, its shared objects, the tables of its tokenizer's first thousands of words
WORD = 256  # bytes of a word in those tables
DRIVER = 384 * 2**20  # VRAM that a context of the GPU's driver takes before anything of ours
SLACK = 1.05  # weights are copied in whole pages, and some into another order


def context_bytes(facts: Facts, own: LlamaCppOptions) -> tuple[int, ...]:
    """Of each layer: keys and values of `n_ctx` tokens."""
    tokens = -(-own.n_ctx // 256) * 256
    one = facts.key * BYTES[own.type_k] + facts.value * BYTES[own.type_v]
    return tuple(int(tokens * heads * one) for heads in facts.kv_heads)


def compute_bytes(facts: Facts, own: LlamaCppOptions) -> int:
    """The largest step: a batch of the prompt, its attention before and after softmax, the words to choose from."""
    batch = min(own.n_batch, own.n_ctx, 512)
    attention = 0 if own.flash else 2 * facts.heads * own.n_ctx
    numbers = facts.vocabulary + attention + 3 * facts.feed_forward + 8 * facts.width
    return 4 * batch * numbers


def offloaded(facts: Facts, own: LlamaCppOptions, free: int) -> int:
    """Layers to give to the GPU, counted from the last one as llama.cpp does; one more than all: the output too."""
    left = free - DRIVER - SLACK * compute_bytes(facts, own)
    sizes = [size + kept for size, kept in zip(facts.layers, context_bytes(facts, own), strict=True)]
    for count, size in enumerate([*reversed(sizes), facts.other]):
        left -= SLACK * size
        if left < 0:
            return count
    return len(sizes) + 1


def footprint(facts: Facts, own: LlamaCppOptions, gpu_layers: int) -> Footprint:
    sizes = [size + kept for size, kept in zip(facts.layers, context_bytes(facts, own), strict=True)]
    away = min(gpu_layers, len(sizes))
    on_gpu = sum(sizes[len(sizes) - away :]) + (facts.other if gpu_layers > len(sizes) else 0)
    compute = compute_bytes(facts, own)
    ram = SLACK * (sum(sizes) + facts.other - on_gpu + compute) + LIBRARY + WORD * facts.vocabulary
    return Footprint(int(ram), int(SLACK * (on_gpu + compute) + DRIVER) if gpu_layers else 0)
