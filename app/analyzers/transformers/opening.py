"""A Hugging Face folder opened: from this disk only, and no code of the model's own is run."""

from typing import Any

from app.analyzers.transformers.options import TransformersOptions
from app.core.errors import AnalyzerUnavailable, MissingExtra


def opened(own: TransformersOptions) -> tuple[Any, Any]:
    """-> (model, tokenizer). Raises `MissingExtra`, or `AnalyzerUnavailable` for what cannot be loaded."""
    if not (own.path / "config.json").is_file():
        hint = "Name the folder of a model that was fetched before: nothing is downloaded here."
        raise AnalyzerUnavailable(f"{own.path} holds no model.", hint=hint)
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise MissingExtra("transformers", "transformers") from error
    disable_progress_bar()
    local = {"local_files_only": True, "trust_remote_code": False}
    device = where(own.device)
    try:
        tokenizer = AutoTokenizer.from_pretrained(own.path, **local)
        model = AutoModelForCausalLM.from_pretrained(own.path, **local, **weights(own, device))
        return (model if own.quantization != "none" else model.to(device)).eval(), tokenizer
    except torch.OutOfMemoryError as error:
        raise AnalyzerUnavailable(f"{device} has too little free memory for {own.path.name}: {error}") from error
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise AnalyzerUnavailable(f"{own.path} cannot be loaded: {error}") from error
    except ImportError as error:  # of what only some models and options need
        raise MissingExtra(error.name or "bitsandbytes", "transformers") from error


def where(asked: str) -> str:
    import torch

    if asked != "auto":
        return asked
    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"


def weights(own: TransformersOptions, device: str) -> dict[str, Any]:
    import torch

    dtype = own.dtype if own.dtype == "auto" else getattr(torch, own.dtype)
    if own.quantization == "none":
        return {"dtype": dtype}
    from transformers import BitsAndBytesConfig

    computed = (torch.float32 if device == "cpu" else torch.bfloat16) if own.dtype == "auto" else dtype
    nf4 = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=computed,
    )
    return {"dtype": computed, "quantization_config": nf4, "device_map": {"": device}}
