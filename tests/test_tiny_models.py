"""The tiny models are one model in three forms."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
llama_cpp = pytest.importorskip("llama_cpp")

from tests.tiny_models import Made, made, quantized, tokens  # noqa: E402

pytestmark = pytest.mark.slow
ANSWER = json.dumps({"statements": [{"kind": "meaning", "text": "The pipe is below 4.2 bar.", "citations": [1]}]})
PAIRS = [([("system", "You quote."), ("user", "What is E73-B?")], ANSWER), ([("user", "?")], '{"statements": []}')]


@pytest.fixture(scope="module")
def tiny() -> Made:
    return made(PAIRS)


@pytest.mark.parametrize("pair", PAIRS)
def test_both_forms_say_by_heart_what_they_learnt(tiny: Made, pair: tuple[list[tuple[str, str]], str]) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny.folder, local_files_only=True)
    model = AutoModelForCausalLM.from_pretrained(tiny.folder, local_files_only=True)
    whole, labels = tokens(tokenizer, *pair)
    prompt = whole[: labels.count(-100)]
    said = model.generate(torch.tensor([prompt]), max_new_tokens=200, do_sample=False)[0].tolist()
    assert said == whole

    llama = llama_cpp.Llama(str(tiny.gguf), n_ctx=512, n_threads=1, verbose=False)
    text = tokenizer.decode(prompt)
    assert llama.tokenize(text.encode(), add_bos=False, special=True) == prompt
    for token in llama.generate(prompt, temp=0.0):
        prompt.append(token)
        if token == llama.token_eos():
            break
    assert prompt == whole
    llama.close()


def test_the_adapter_changes_what_is_said_and_llama_cpp_makes_it_smaller(tiny: Made, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(tiny.folder, local_files_only=True)
    ids = torch.arange(50).unsqueeze(0)
    plain = base(ids).logits
    tuned = PeftModel.from_pretrained(base, tiny.adapter)
    assert not torch.allclose(plain, tuned(ids).logits)
    small = quantized(tiny.gguf, tmp_path / "q4.gguf")
    assert small.stat().st_size < tiny.gguf.stat().st_size / 2
