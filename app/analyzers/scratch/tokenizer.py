"""Byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2019), trained and run by `tokenizers`.

Every byte is a token to begin with, so that no text is unknown. A chat is a sequence of turns; the marks of a turn are
tokens that no text can spell: `<|user|>` written in a log is encoded as the characters it is made of.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import AnalyzerUnavailable

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FILE = "tokenizer.json"
TURNS = {role: f"<|{role}|>" for role in ("system", "user", "assistant")}
END = "<|end|>"
PAD = "<|pad|>"
SPECIAL = (PAD, END, *TURNS.values())
# The same turns for tools that render them from a template.
TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def train(texts: Iterable[str], vocabulary: int) -> "Tokenizer":
    """Learn the merges from texts. The same texts in the same order give the same tokenizer."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    # GPT-2's own cut into words: llama.cpp knows it by name
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


class Tokens:
    """A trained tokenizer with the marks of a chat."""

    def __init__(self, tokenizer: "Tokenizer") -> None:
        marks = {mark: tokenizer.token_to_id(mark) for mark in (END, *TURNS.values())}
        if missing := [mark for mark, token in marks.items() if token is None]:
            raise AnalyzerUnavailable(
                f"The tokenizer has no {', '.join(missing)}.",
                hint="Only tokenizers of models that were trained here are read; serve others as kind `transformers`.",
            )
        self.tokenizer = tokenizer
        self.tokenizer.encode_special_tokens = True  # text never becomes a mark
        there = {mark: token for mark, token in marks.items() if token is not None}
        self.end = there[END]
        self._turns = {role: there[mark] for role, mark in TURNS.items()}

    @classmethod
    def read(cls, folder: Path) -> "Tokens":
        from tokenizers import Tokenizer

        try:
            return cls(Tokenizer.from_file(str(folder / FILE)))
        except AnalyzerUnavailable:
            raise
        except Exception as error:  # the library raises nothing narrower
            raise AnalyzerUnavailable(f"{folder / FILE} cannot be read: {error}.") from error

    def __len__(self) -> int:
        return self.tokenizer.get_vocab_size()

    def encode(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def chat(self, turns: Sequence[tuple[str, str]]) -> list[int]:
        """((role, text), …) -> tokens, up to where the answer begins."""
        ids: list[int] = []
        for role, text in turns:
            ids += [self._turns[role], *self.encode(text), self.end]
        return [*ids, self._turns["assistant"]]

    def decode(self, ids: Sequence[int]) -> str:
        return self.tokenizer.decode(list(ids), skip_special_tokens=True)


class Spelling:
    """Tokens become text as they come; a character of several bytes waits for the last one."""

    def __init__(self, tokens: Tokens) -> None:
        from tokenizers.decoders import DecodeStream

        self._tokenizer = tokens.tokenizer
        self._stream = DecodeStream(skip_special_tokens=True)

    def add(self, token: int) -> str:
        return self._stream.step(self._tokenizer, token) or ""
