"""Messages as the tokens of a GGUF model, by the chat template that its file carries."""

from typing import Any

from app.analyzers.llama_cpp.vocabulary import Vocabulary
from app.analyzers.local.chat import Chat, Rendered
from app.analyzers.local.request import Messages


class LlamaChat:
    def __init__(self, llama: Any, words: Vocabulary) -> None:
        from jinja2 import TemplateError

        self._llama = llama
        bos, eos = (words.text(int(llama.metadata.get(f"tokenizer.ggml.{key}_token_id", -1))) for key in ("bos", "eos"))
        self._bos = bos.encode()
        self._chat = Chat(template(llama, bos, eos), words.control, (TemplateError, ValueError))

    def __call__(self, messages: Messages) -> list[int]:
        """A template that writes the first token itself must not get it twice."""
        text = self._chat(messages).encode("utf-8", "replace")
        begun = bool(self._bos) and text.startswith(self._bos)
        return list(self._llama.tokenize(text, add_bos=not begun, special=True))


def template(llama: Any, bos: str, eos: str) -> Rendered | None:
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    source = llama.metadata.get("tokenizer.chat_template")
    if not source:
        return None
    formatter = Jinja2ChatFormatter(source, eos_token=eos, bos_token=bos)
    return lambda said: str(formatter(messages=list(said)).prompt)
