"""A GGUF model's own words: which end an answer, which control it, and the bytes of each."""

import ctypes
from typing import Any


class Vocabulary:
    def __init__(self, llama: Any) -> None:
        import llama_cpp

        self._lib = llama_cpp
        self._vocab = llama_cpp.llama_model_get_vocab(llama.model)
        words = range(llama_cpp.llama_vocab_n_tokens(self._vocab))
        self.ends = frozenset(word for word in words if llama_cpp.llama_vocab_is_eog(self._vocab, word))
        attr, control = llama_cpp.llama_vocab_get_attr, llama_cpp.LLAMA_TOKEN_ATTR_CONTROL
        self.control = [self.text(word) for word in words if attr(self._vocab, word) & control]
        self._pieces: dict[int, bytes] = {}

    def text(self, word: int) -> str:
        """As a template spells it, control words too; none is -1."""
        return "" if word < 0 else self._piece(word, special=True).decode("utf-8", "replace")

    def piece(self, word: int) -> bytes:
        known = self._pieces.get(word)
        if known is None:
            known = self._pieces[word] = self._piece(word)
        return known

    def _piece(self, word: int, *, special: bool = False, size: int = 64) -> bytes:
        """The binding's own gives up at 32 bytes; llama.cpp says how many it needs."""
        buffer = ctypes.create_string_buffer(size)
        length: int = self._lib.llama_token_to_piece(self._vocab, word, buffer, size, 0, special)
        return self._piece(word, special=special, size=-length) if length < 0 else buffer.raw[:length]
