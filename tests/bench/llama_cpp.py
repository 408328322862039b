"""What the house costs beside the bare binding: tokens a second of one model, both ways, in turns, in one process.

    python -m tests.bench.llama_cpp [--rounds 10] [--tokens 256]

The bare side is `Llama.generate` with the same grammar and settings, and each token made text; our side is
`LlamaCppAnalyzer.stream`, read by a task on an event loop. Both write the same tokens after the same prompt.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from app.core.settings.threads import one_each

SHAPE = {
    "hidden_size": 512,
    "intermediate_size": 1536,
    "num_hidden_layers": 6,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "max_position_embeddings": 8192,
}


@dataclass(frozen=True)
class Speed:
    """From the first token on: what came before it is the prompt's."""

    tokens: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.tokens / self.seconds

    @property
    def cpu_ms(self) -> float:
        return 1000 * self.cpu / self.tokens


def line(bare: list[Speed], ours: list[Speed]) -> str:
    rates = [statistics.median(speed.rate for speed in side) for side in (bare, ours)]
    cpus = [statistics.median(speed.cpu_ms for speed in side) for side in (bare, ours)]
    pairs = [b.rate / a.rate for a, b in zip(bare, ours, strict=True)]
    cells = [
        *(f"{rate:.0f}" for rate in rates),
        f"{statistics.median(pairs):.3f}",
        f"{min(pairs):.2f} to {max(pairs):.2f}",
    ]
    return " | ".join([*cells, *(f"{cpu:.3f}" for cpu in cpus), f"{cpus[0] / cpus[1]:.3f}"])


def bare(llama: Any, tokens: list[int], schema: Any, limit: int) -> Speed:
    from app.analyzers.llama_cpp.grammar import grammar

    first, made = (0.0, 0.0), 0
    held = grammar(schema) if schema else None
    for token in llama.generate(tokens, temp=0.0, top_k=40, top_p=0.95, min_p=0.05, repeat_penalty=1.0, grammar=held):
        if token == llama.token_eos():
            break
        llama.detokenize([token]).decode("utf-8", "ignore")
        made += 1
        first = first if made > 1 else (time.perf_counter(), time.process_time())
        if made == limit:
            break
    return Speed(made - 1, time.perf_counter() - first[0], time.process_time() - first[1])


async def ours(analyzer: Any, brief: Any) -> Speed:
    from app.core.brief import End, Text

    first, made = (0.0, 0.0), 0
    async for delta in analyzer.stream(brief):
        if isinstance(delta, Text) and not first[0]:
            first = (time.perf_counter(), time.process_time())
        if isinstance(delta, End):
            made = delta.tokens_out
    return Speed(made - 1, time.perf_counter() - first[0], time.process_time() - first[1])


async def measured(path: Path, structured: str, rounds: int, limit: int) -> str:
    import llama_cpp

    from app.analyzers.backends.llama_cpp import LlamaCppAnalyzer
    from app.core.question import Options
    from app.core.settings.analyzers import AnalyzerSpec
    from app.receipts.draft import SCHEMA
    from tests.analyzers.realest import BRIEF, rendered
    from tests.tiny_models import TEMPLATE

    row = {"path": str(path), "n_threads": 1, "structured": structured, "max_tokens": limit}
    analyzer = LlamaCppAnalyzer("ours", AnalyzerSpec.model_validate({"kind": "llama-cpp", **row}))
    await analyzer.load()
    llama = llama_cpp.Llama(str(path), n_ctx=4096, n_batch=512, n_threads=1, n_threads_batch=1, verbose=False)
    assert llama.metadata["tokenizer.chat_template"] == TEMPLATE
    said = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in rendered(BRIEF))
    tokens = llama.tokenize((said + "<|im_start|>assistant\n").encode(), add_bos=False, special=True)
    brief = replace(BRIEF, options=Options(temperature=0.0, max_tokens=limit))
    schema = SCHEMA if structured == "json" else None
    sides: tuple[list[Speed], list[Speed]] = ([], [])
    for turn in range(rounds + 1):
        pair = (bare(llama, list(tokens), schema, limit), await ours(analyzer, brief))
        if turn:  # the first one warms up
            for side, speed in zip(sides, pair, strict=True):
                side.append(speed)
    await analyzer.unload()
    llama.close()
    return line(*sides)


def weighed(path: Path) -> tuple[int, int]:
    """-> what was estimated and what was taken, in bytes. In a process of its own, which has loaded nothing yet."""
    import psutil

    from app.analyzers.backends.llama_cpp import LlamaCppAnalyzer
    from app.core.settings.analyzers import AnalyzerSpec
    from tests.analyzers.realest import BRIEF

    async def taken(analyzer: LlamaCppAnalyzer) -> int:
        process = psutil.Process()
        before = process.memory_info().rss
        await analyzer.load()
        async for _ in analyzer.stream(BRIEF):
            pass
        after = process.memory_info().rss
        await analyzer.unload()
        return int(after - before)

    row = {"kind": "llama-cpp", "path": str(path), "n_threads": 1, "max_tokens": 64}
    analyzer = LlamaCppAnalyzer("weighed", AnalyzerSpec.model_validate(row))
    return analyzer.footprint.ram, asyncio.run(taken(analyzer))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--tokens", type=int, default=256)
    asked = parser.parse_args()
    one_each()
    from tests.analyzers.realest import pairs
    from tests.tiny_models import made, quantized

    f16 = made(pairs(), steps=0, shape=SHAPE).gguf
    print("| weights | schema | bare, tokens/s | ours | ratio (median of pairs) | pairs | CPU ms bare | ours | ratio |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        paths = (f16, quantized(f16, Path(folder) / "q4.gguf"))
        for path in paths:
            for structured in ("json", "none"):
                told = asyncio.run(measured(path, structured, asked.rounds, asked.tokens))
                kind = "F16" if path == f16 else "Q4_K_M"
                print(f"| {kind} | {'yes' if structured == 'json' else 'no'} | {told} |", flush=True)
        print("\n| weights | RAM estimated, MiB | taken, MiB |\n|---|---|---|")
        with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as alone:
            for path, (estimate, taken) in zip(paths, alone.map(weighed, paths), strict=True):
                print(f"| {'F16' if path == f16 else 'Q4_K_M'} | {estimate / 2**20:.0f} | {taken / 2**20:.0f} |")


if __name__ == "__main__":
    main()
