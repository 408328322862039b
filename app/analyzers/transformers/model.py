"""A Hugging Face model at work: answers are written together, a word of each a step; a question joins when it comes."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.analyzers.local.chat import Chat
from app.analyzers.local.inbox import Inbox, Job
from app.analyzers.local.request import Messages, build
from app.analyzers.transformers.adapters import Adapters
from app.analyzers.transformers.batch import Batch, forward
from app.analyzers.transformers.opening import opened
from app.analyzers.transformers.options import TransformersOptions
from app.analyzers.transformers.row import Row
from app.analyzers.transformers.sampling import Guides, sampler
from app.core.brief import Begin
from app.core.errors import AnalyzerError, AnalyzerUnavailable, MissingExtra
from app.receipts.draft import SCHEMA

CHUNK = 256  # tokens of a prompt read between two steps of the others: more, and they stutter


class HFModel:
    def __init__(self, own: TransformersOptions, model: Any, tokenizer: Any) -> None:
        from jinja2 import TemplateError

        self._own = own
        self._tokenizer = tokenizer
        self._words = tokenizer.backend_tokenizer  # the other one changes itself at each use, which two threads may not
        self._ends = ends(model, tokenizer)
        self._bare = not tokenizer.chat_template
        control = [str(word) for word in tokenizer.added_tokens_decoder.values() if word.special]
        self._chat = Chat(None if self._bare else self._templated, control, (TemplateError,))
        config = model.config.get_text_config()
        self.limit: int | None = getattr(config, "max_position_embeddings", None)  # tokens that it was made for
        self._guides = guides(tokenizer, config.vocab_size, self._ends)
        self.adapters = Adapters(model)
        self._batch = Batch([], [])
        self._rows: list[Row] = []
        self._coming: Row | None = None
        self._ended = False

    def count(self, text: str) -> int:
        return len(self._words.encode(text, add_special_tokens=False).ids)

    def interrupt(self) -> None:
        self._ended = True

    def serve(self, inbox: Inbox) -> None:
        import torch

        with torch.inference_mode():
            while not self._ended:
                if not self._coming and len(self._rows) < self._own.batch:
                    job = inbox.take(wait=not self._rows)
                    if job is None and not self._rows:
                        return
                    self._coming = self._admitted(job) if job else None
                self._guarded(self._read)
                self._guarded(self._step)
        for row in [*self._rows, *([self._coming] if self._coming else [])]:
            row.job.out.fail(AnalyzerUnavailable("The model was unloaded."))

    def close(self) -> None:
        """Nothing of the model is kept, and what torch keeps of a GPU's memory for later goes back too."""
        import torch

        self._batch, self._rows, self._coming, self.adapters = Batch([], []), [], None, Adapters(None)
        gc.collect()  # a model holds itself in circles
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _guarded(self, work: Any) -> None:
        """What fails here fails for all that were being written: their memory is one."""
        try:
            work()
        except (RuntimeError, ValueError) as error:  # torch's own, out of memory among them
            for row in [*self._rows, *([self._coming] if self._coming else [])]:
                row.job.out.fail(AnalyzerUnavailable(f"The model failed: {error}"))
            self._rows, self._coming, self._batch = [], None, Batch([], [])

    def _admitted(self, job: Job) -> Row | None:
        from tokenizers.decoders import DecodeStream

        own = job.own
        assert isinstance(own, TransformersOptions)
        try:
            request = build(job.brief, own, self._encoded, job.identity.context)
            guide = self._guides(job.brief.schema or SCHEMA) if self._guides and own.structured == "json" else None
        except AnalyzerError as error:
            job.out.fail(error)
            return None
        draw = sampler(request.temperature, request.seed, own.top_k, own.top_p, own.min_p)
        job.out.put(Begin(job.identity, request.prompt, request.dropped, seed=request.seed))
        return Row(job, request, draw, guide, DecodeStream(skip_special_tokens=True), Batch([], []))

    def _read(self) -> None:
        """The next piece of the prompt that came last; whole, it joins the others."""
        import torch

        row = self._coming
        if row is None or row.job.left:
            self._coming = None
            return
        piece = torch.tensor([row.unread[:CHUNK]])
        logits, row.read = forward(self.adapters.model, piece, row.read, self.adapters.names([row.job.adapter]))
        if row.unread:
            return
        self._coming = None
        self._choose([row], logits)
        if not row.done:
            self._batch = self._batch.join(row.read)
            self._rows.append(row)
            row.read = Batch([], [])

    def _step(self) -> None:
        import torch

        going = [at for at, row in enumerate(self._rows) if not row.done and not row.job.left]
        if len(going) < len(self._rows):
            self._batch = self._batch.keep(going)
            self._rows = [self._rows[at] for at in going]
        if not self._rows:
            return
        words = torch.tensor([[row.last] for row in self._rows])  # (B, 1)
        names = self.adapters.names([row.job.adapter for row in self._rows])
        logits, self._batch = forward(self.adapters.model, words, self._batch, names)
        self._choose(self._rows, logits)

    def _choose(self, rows: list[Row], logits: Any) -> None:
        for row, own in zip(rows, logits, strict=True):
            try:
                row.choose(own, self._words, self._ends)
            except AnalyzerError as error:
                row.done = True
                row.job.out.fail(error)

    def _templated(self, said: Any) -> str:
        return str(self._tokenizer.apply_chat_template(list(said), add_generation_prompt=True, tokenize=False))

    def _encoded(self, messages: Messages) -> list[int]:
        """A template writes the first token itself."""
        return list(self._words.encode(self._chat(messages), add_special_tokens=self._bare).ids)


def ends(model: Any, tokenizer: Any) -> frozenset[int]:
    told = model.generation_config.eos_token_id
    listed = told if isinstance(told, list) else [told]
    return frozenset(word for word in [*listed, tokenizer.eos_token_id] if word is not None)


def guides(tokenizer: Any, size: int, ended: frozenset[int]) -> Guides:
    try:
        return Guides(tokenizer, size, ended)
    except ImportError as error:
        raise MissingExtra("llguidance", "transformers") from error


@contextmanager
def model(own: TransformersOptions) -> Iterator[HFModel]:
    loaded, tokenizer = opened(own)
    made = HFModel(own, loaded, tokenizer)
    del loaded
    try:
        yield made
    finally:
        made.close()
