"""The next word: the likeliest, or a draw that depends on its seed alone, and only what the schema allows."""

import json

import pytest

torch = pytest.importorskip("torch")

from app.analyzers.transformers.sampling import Sampler, sampler  # noqa: E402

pytestmark = pytest.mark.slow
LOGITS = torch.tensor([0.0, 3.0, 2.9, -1.0, 2.0])


def drawn(seed: int, **given: float) -> list[int]:
    draw = sampler(1.0, seed, **{"top_k": 0, "top_p": 1.0, "min_p": 0.0, **given})  # type: ignore[arg-type]
    return [draw(LOGITS) for _ in range(200)]


def test_without_a_seed_it_is_the_likeliest() -> None:
    assert Sampler(0.0, 40, 0.9, 0.0)(LOGITS) == 1


def test_a_seed_repeats_its_draws_and_another_does_not() -> None:
    assert drawn(1) == drawn(1) != drawn(2)


def test_each_limit_leaves_only_the_likeliest() -> None:
    assert set(drawn(1)) == {0, 1, 2, 3, 4}
    assert set(drawn(1, top_k=2)) == {1, 2}
    assert set(drawn(1, top_p=0.5)) == {1, 2}
    assert set(drawn(1, min_p=0.3)) == {1, 2, 4}
    assert set(drawn(1, top_p=0.01)) == {1}


def test_a_guide_allows_only_what_can_still_become_the_schema() -> None:
    pytest.importorskip("llguidance")
    from app.analyzers.transformers.sampling import Guides
    from tests.tiny_models import bpe

    tokenizer = bpe(['{"a": "yes", "b": "no"}'])
    end = tokenizer.eos_token_id
    size = len(tokenizer) + 7  # models have more rows than words
    schema = {"type": "object", "properties": {"a": {"enum": ["yes", None]}}, "required": ["a"]}
    schema["additionalProperties"] = False
    guide = Guides(tokenizer, size, frozenset([end]))(schema)
    said: list[int] = []
    likely = torch.randn(size, generator=torch.Generator().manual_seed(3))
    while not guide.whole and len(said) < 40:
        mask = guide.allowed(size)
        assert not mask[len(tokenizer) :].any()
        word = int(likely.masked_fill(~mask, float("-inf")).argmax())
        if word == end:
            break
        guide.said(word)
        said.append(word)
    assert json.loads(tokenizer.decode(said))["a"] in ("yes", None)
