"""The transformer agrees with the usual implementation, and its cache changes nothing but the time."""

from pathlib import Path

import pytest

from tests.analyzers.scratch import small

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from app.analyzers.scratch import checkpoint  # noqa: E402
from app.analyzers.scratch.model import Transformer  # noqa: E402
from app.analyzers.scratch.shape import Shape  # noqa: E402
from app.core.errors import AnalyzerUnavailable  # noqa: E402

SHAPES = {
    "grouped": {},
    "one key head": {"kv_heads": 1},
    "as many key heads": {"kv_heads": 4},
    "tied": {"tied": True},
    "wide heads, far angles": {"head": 32, "theta": 500_000.0, "epsilon": 1e-6},
}


@pytest.mark.slow
@pytest.mark.parametrize("changes", SHAPES.values(), ids=SHAPES)
def test_it_gives_the_scores_of_transformers_llama(tmp_path: Path, changes: dict[str, object]) -> None:
    transformers = pytest.importorskip("transformers")
    folder = small.folder(tmp_path, **changes)
    ours, _ = checkpoint.load(folder)
    theirs = transformers.LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokens = torch.randint(0, 400, (3, 200), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        own, expected = ours(tokens), theirs(tokens).logits
    assert expected.std() > 0.5  # it says something
    assert (own - expected).abs().max() < 1e-4


@pytest.mark.slow
def test_other_tools_read_its_tokenizer_and_its_turns(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    folder = small.folder(tmp_path)
    _, tokens = checkpoint.load(folder)
    theirs = transformers.AutoTokenizer.from_pretrained(folder)
    turns = [("system", "Say what stands there."), ("user", "What is E73-B?\n  Überdruck")]
    messages = [{"role": role, "content": text} for role, text in turns]
    made = theirs.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    assert list(made) == tokens.chat(turns)
    assert theirs.eos_token_id == tokens.end


@pytest.mark.parametrize("blocks", [[1] * 60, [60], [17, 1, 1, 40, 1], [7, 53]])
def test_read_by_blocks_with_a_cache_it_scores_as_without(blocks: list[int]) -> None:
    torch.manual_seed(0)
    model = Transformer(small.shape()).eval()
    tokens = torch.randint(0, 400, (1, 60))
    with torch.inference_mode():
        whole, cache = model(tokens), model.cache(64)
        seen = [model(block, cache) for block in tokens.split(blocks, dim=1)]
    assert cache.at == 60
    assert (torch.cat(seen, dim=1) - whole).abs().max() < 1e-5


def test_what_comes_later_changes_nothing_before_it() -> None:
    model = Transformer(small.shape()).eval()
    one = torch.randint(0, 400, (1, 20))
    other = one.clone()
    other[0, 12:] = (other[0, 12:] + 1) % 400
    with torch.inference_mode():
        before, after = model(one), model(other)
    assert (before[0, :12] - after[0, :12]).abs().max() < 1e-6
    assert (before[0, 12:] - after[0, 12:]).abs().max() > 1e-4


def test_it_learns() -> None:
    """Sixty steps on one sequence: gradients reach every weight."""
    torch.manual_seed(0)
    model = Transformer(small.shape(tied=True))
    tokens = torch.randint(0, 400, (1, 32))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(60):
        scores = model(tokens[:, :-1])
        loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), tokens[0, 1:])
        optimizer.zero_grad()
        loss.backward()
        assert all(weight.grad is not None for weight in model.parameters())
        optimizer.step()
    assert loss.item() < 0.1


def test_a_folder_comes_back_as_it_was_written(tmp_path: Path) -> None:
    folder = small.folder(tmp_path / "model", tied=True)
    model, tokens = checkpoint.load(folder)
    again = tmp_path / "again"
    digest = checkpoint.save(again, model, tokens)
    assert (again / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()
    assert (again / "config.json").read_text() == (folder / "config.json").read_text()
    assert digest and Shape.read(again) == model.shape
    assert model.head.weight is model.embed.weight


@pytest.mark.parametrize("broken", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_folder_with_something_missing_or_broken_is_told(tmp_path: Path, broken: str) -> None:
    folder = small.folder(tmp_path)
    for content in (b"{}", b"nonsense", None):
        (folder / broken).write_bytes(content) if content else (folder / broken).unlink()
        with pytest.raises(AnalyzerUnavailable, match=broken.removesuffix(".json")):
            checkpoint.load(folder)


def test_weights_of_another_size_are_refused(tmp_path: Path) -> None:
    one, other = small.folder(tmp_path / "one"), small.folder(tmp_path / "other", width=32)
    (one / "config.json").write_text((other / "config.json").read_text())
    with pytest.raises(AnalyzerUnavailable, match="cannot be loaded"):
        checkpoint.load(one)


@pytest.mark.parametrize(
    "change", [{"model_type": "gpt2"}, {"attention_bias": True}, {"rope_parameters": {"rope_type": "yarn"}}]
)
def test_a_model_of_another_kind_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="read"):
        Shape.of({**small.shape().config(), **change})


def test_heads_that_do_not_divide_are_refused() -> None:
    with pytest.raises(AnalyzerUnavailable, match="share"):
        small.shape(heads=4, kv_heads=3)
