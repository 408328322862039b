"""Small models of the house's own making: random weights, a tokenizer trained on a few sentences."""

from pathlib import Path

PROMPT = Path(__file__).parents[3] / "prompts" / "analyze.md"  # read often, so it had better be short in tokens
VOCABULARY = 1200
TEXTS = (
    "E73-B means that the brake cylinder pressure stays below 3.8 bar.",
    "Measure the pressure at test fitting C1 and compare it with 3.8 bar.",
    "The limit is 0.6 bar; Überdruck, température, 压力.",
    PROMPT.read_text(encoding="utf-8"),
)


def shape(**changes: object) -> "Shape":  # type: ignore[name-defined]  # noqa: F821
    from app.analyzers.scratch.shape import Shape

    given = {
        "vocabulary": VOCABULARY,
        "width": 64,
        "layers": 2,
        "heads": 4,
        "kv_heads": 2,
        "head": 16,
        "inner": 128,
        "context": 4096,
        "tied": False,
    }
    return Shape(**{**given, **changes})  # type: ignore[arg-type]


def folder(path: Path, *, seed: int = 0, **changes: object) -> Path:
    """A checkpoint as training would leave it. Weights are larger than at the start, so that answers differ."""
    import torch

    from app.analyzers.scratch.checkpoint import save
    from app.analyzers.scratch.model import Transformer
    from app.analyzers.scratch.tokenizer import Tokens, train

    torch.manual_seed(seed)
    model = Transformer(shape(**changes))
    for weight in model.parameters():
        if weight.ndim > 1:
            weight.data.mul_(6)
    save(path, model, Tokens(train(TEXTS, VOCABULARY)))
    return path
