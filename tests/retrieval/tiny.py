"""A BERT of a few thousand weights, made on the spot: an encoder, or a cross-encoder, in Hugging Face's layout."""

from pathlib import Path
from typing import Any

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] the door jams brake pipe leaks pressure of a pantograph bogie ? ."


def bert(folder: Path, kind: str = "BertModel", seed: int = 0, **more: Any) -> Path:
    import torch
    import transformers

    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS.split()))
    config = transformers.BertConfig(
        vocab_size=len(WORDS.split()),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        **more,
    )
    getattr(transformers, kind)(config).save_pretrained(folder)
    transformers.BertTokenizer(vocab_file=str(folder / "vocab.txt"), model_max_length=64).save_pretrained(folder)
    return folder
