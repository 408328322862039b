"""Small models of the house's own making: random weights, a tokenizer trained on a few sentences."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import app.analyzers.scratch
from tests.tiny_models import locked

CODE = Path(app.analyzers.scratch.__file__).parent

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
    tokens = Tokens(train(TEXTS, VOCABULARY))
    model = Transformer(shape(vocabulary=len(tokens), **changes))
    for weight in model.parameters():
        if weight.ndim > 1:
            weight.data.mul_(6)
    save(path, model, tokens)
    return path


def known(turns: Sequence[tuple[str, str]], answer: str) -> Path:
    """A checkpoint that says one answer by heart; made once and kept in the system's folder for temporary files."""
    import torch

    from app.analyzers.scratch.checkpoint import save
    from app.analyzers.scratch.model import Transformer
    from app.analyzers.scratch.tokenizer import Tokens, train

    sources = [Path(__file__).read_bytes(), *(part.read_bytes() for part in sorted(CODE.glob("*.py")))]
    key = hashlib.sha256(repr((turns, answer)).encode() + b"".join(sources)).hexdigest()[:16]
    home = Path(tempfile.gettempdir()) / f"rail-debug-tiny-{os.getuid()}-scratch-{key}"
    with locked(home.with_suffix(".lock")):
        if not home.is_dir():
            torch.manual_seed(3)
            tokens = Tokens(train([*(text for _, text in turns), answer], VOCABULARY))
            model = Transformer(shape())
            learn(model, tokens.chat(turns), [*tokens.encode(answer), tokens.end])
            half = Path(tempfile.mkdtemp(dir=home.parent, prefix=f"{home.name}-"))
            save(half, model, tokens)
            half.rename(home)
    return home


def learn(model: Any, prompt: list[int], answer: list[int]) -> None:
    """Loss on the answer alone, until it is known."""
    import torch

    ids = torch.tensor([[*prompt, *answer]])
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    for _ in range(400):
        scores = model(ids[:, :-1])[0, len(prompt) - 1 :]
        loss = torch.nn.functional.cross_entropy(scores, ids[0, len(prompt) :])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if loss.item() < 0.005:
            return
    raise AssertionError(f"the answer was not learnt: loss {loss.item():.3f}")
