"""The options of a row whose kind is `transformers`: a Hugging Face folder in this process, with an adapter or none."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from app.analyzers.local.options import LocalOptions


class TransformersOptions(LocalOptions):
    path: Path = Field(description="The base model's folder; rows that name the same one share it.")
    adapter: Path | None = Field(None, description="A PEFT adapter's folder (LoRA), put on the base for this row only.")
    device: str = Field("auto", pattern=r"auto|cpu|mps|cuda(:\d+)?")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    quantization: Literal["none", "nf4"] = "none"
    context: int = Field(4096, ge=256, description="Tokens that prompt and answer share; its own limit if less.")
    batch: int = Field(8, ge=1, le=256, description="Answers that are written at once.")
    top_k: int = Field(40, ge=0)
    top_p: float = Field(0.95, gt=0, le=1)
    min_p: float = Field(0.05, ge=0, le=1)

    @property
    def base(self) -> tuple[object, ...]:
        """Rows that agree in this can share the base."""
        return (self.path.resolve(), self.device, self.dtype, self.quantization, self.batch)
