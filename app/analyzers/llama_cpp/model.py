"""A GGUF model at work: one question after the other, each keeping what it shares with the prompt before it."""

import codecs
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from app.analyzers.llama_cpp.chat import LlamaChat
from app.analyzers.llama_cpp.grammar import grammar
from app.analyzers.llama_cpp.opening import opened
from app.analyzers.llama_cpp.options import LlamaCppOptions
from app.analyzers.llama_cpp.stop import Stop
from app.analyzers.llama_cpp.vocabulary import Vocabulary
from app.analyzers.local.inbox import Inbox, Job
from app.analyzers.local.request import Request, build
from app.core.brief import Begin, End, Text
from app.core.errors import AnalyzerError, AnalyzerUnavailable
from app.receipts.draft import SCHEMA

ANY = 2**32 - 1  # seeds below it; this one means: draw one


class LlamaModel:
    def __init__(self, name: str, own: LlamaCppOptions, llama: Any) -> None:
        self._name, self._own, self._llama = name, own, llama
        self._words = Vocabulary(llama)
        self._encoded = LlamaChat(llama, self._words)
        self._stop = Stop(llama)
        self._lock = threading.Lock()
        self._job: Job | None = None
        self._ended = False

    def count(self, text: str) -> int:
        """Reads the vocabulary alone, which nobody changes: any thread may."""
        return len(self._llama.tokenize(text.encode("utf-8", "replace"), add_bos=False, special=False))

    def interrupt(self) -> None:
        with self._lock:
            self._ended = True
            self._stop.on()

    def serve(self, inbox: Inbox) -> None:
        while job := inbox.take():
            with self._current(job):
                self._answer(job)

    @contextmanager
    def _current(self, job: Job) -> Iterator[None]:
        """Leaving stops the computation only while it is this job's."""
        with self._lock:
            self._job = job
            if not self._ended:
                self._stop.off()
        job.on_leave = lambda: self._left(job)
        if job.left:  # before anybody could be told
            self._left(job)
        yield
        with self._lock:
            self._job = None

    def _left(self, job: Job) -> None:
        with self._lock:
            if self._job is job:
                self._stop.on()

    def _answer(self, job: Job) -> None:
        try:
            request = build(job.brief, job.own, self._encoded, self._llama.n_ctx())
            job.out.put(Begin(job.identity, request.prompt, request.dropped, seed=request.seed))
            self._say(job, request)
        except AnalyzerError as error:
            job.out.fail(error)
        except (RuntimeError, ValueError) as error:  # all that the binding raises; a stopped computation is one too
            self._llama.n_tokens = max(0, self._llama.n_tokens - 1)  # else it takes half a step's logits for whole
            job.out.fail(
                AnalyzerUnavailable(f"{self._name!r} {'was unloaded.' if self._ended else f'failed: {error}.'}")
            )

    def _say(self, job: Job, request: Request) -> None:
        text, finish, made = codecs.getincrementaldecoder("utf-8")("replace"), "stop", 0
        with closing(self._tokens(job, request)) as tokens:
            for token in tokens:
                if job.left or self._ended:
                    raise AnalyzerUnavailable(f"{self._name!r} was unloaded.")
                if token in self._words.ends:
                    break
                made += 1
                if piece := text.decode(self._words.piece(token)):
                    job.out.put(Text(piece))
                if made >= request.limit:
                    finish = "length"
                    break
        if piece := text.decode(b"", final=True):
            job.out.put(Text(piece))
        job.out.put(End(len(request.tokens), made, finish))
        job.out.close()

    def _tokens(self, job: Job, request: Request) -> Any:
        own = self._own
        self._llama.set_seed((request.seed or 0) % ANY)
        return self._llama.generate(
            request.tokens,
            temp=request.temperature,
            top_k=own.top_k,
            top_p=own.top_p,
            min_p=own.min_p,
            repeat_penalty=1.0,  # more, and it cannot quote
            grammar=grammar(job.brief.schema or SCHEMA) if own.structured == "json" else None,
        )


@contextmanager
def model(name: str, own: LlamaCppOptions, gpu_layers: int) -> Iterator[LlamaModel]:
    with opened(own, gpu_layers) as llama:
        yield LlamaModel(name, own, llama)
