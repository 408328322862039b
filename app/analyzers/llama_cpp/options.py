"""The options of a row whose kind is `llama-cpp`: a quantized model of one GGUF file, in this process."""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field

from app.analyzers.local.options import LocalOptions

CacheType = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"]


class LlamaCppOptions(LocalOptions):
    path: Path
    n_ctx: int = Field(4096, ge=256, description="Tokens that prompt and answer share; its own limit if less.")
    n_gpu_layers: int | Literal["auto"] = Field("auto", description="`auto`: as many as fit the free VRAM; -1: all.")
    n_threads: int | None = Field(None, ge=1, description="Default: half of the cores that this process may use.")
    n_batch: int = Field(512, ge=32, description="Tokens of a prompt that are computed at once.")
    type_k: CacheType = Field("f16", description="How keys of the context are kept.")
    type_v: CacheType = Field("f16", description="Likewise values; a quantized type turns flash attention on.")
    flash_attn: bool = False
    use_mmap: bool = True
    use_mlock: bool = False
    top_k: int = Field(40, ge=0)
    top_p: float = Field(0.95, gt=0, le=1)
    min_p: float = Field(0.05, ge=0, le=1)

    @property
    def threads(self) -> int:
        return self.n_threads or max(1, len(os.sched_getaffinity(0)) // 2)

    @property
    def flash(self) -> bool:
        return self.flash_attn or self.type_v.startswith("q")

    def within(self, trained: int) -> "LlamaCppOptions":
        """Beyond what a model was trained for it writes nonsense, and says nothing of it. 0: that is not known."""
        return self.model_copy(update={"n_ctx": min(self.n_ctx, trained or self.n_ctx)})
