"""An analyzer whose model is one of LangChain's chat models."""

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from app.analyzers.closing import closing
from app.analyzers.langchain.chunks import hear
from app.analyzers.langchain.pump import pumped
from app.analyzers.prompting import Asked
from app.analyzers.remote.asking import Heard, Own, RemoteAnalyzer
from app.analyzers.remote.errors import translate
from app.core.brief import Brief
from app.core.errors import AnalyzerError, AnalyzerUnavailable, AnalyzerUnreachable, MissingExtra
from app.core.settings.analyzers import AnalyzerSpec
from app.receipts.draft import SCHEMA

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

NOTHING = "No generation chunks were returned"  # how LangChain tells of a stream that ended at once
LIMITS = ("max_tokens", "max_output_tokens", "max_completion_tokens", "num_predict", "max_new_tokens")


class LangChainAnalyzer(RemoteAnalyzer[Own]):
    EXTRA = "langchain"
    tells_finish = True  # an answer that ends without a reason was cut off

    def __init__(self, name: str, spec: AnalyzerSpec) -> None:
        super().__init__(name, spec)
        self._model: BaseChatModel | None = None

    @abstractmethod
    def build(self) -> "BaseChatModel":
        """In a thread, since it imports. Raises `InvalidSettings`."""

    @abstractmethod
    def call(self, asked: Asked, schema: Mapping[str, object]) -> dict[str, Any]:
        """What is handed to one call beside the messages."""

    @abstractmethod
    async def close(self, model: "BaseChatModel") -> None: ...

    async def load(self) -> None:
        try:
            self._model = await asyncio.to_thread(self.build)
        except ImportError as error:
            raise MissingExtra(f"{error.name or 'langchain'} of {self.name!r}", self.EXTRA) from error

    async def unload(self) -> None:
        model, self._model = self._model, None
        if model:
            await self.close(model)

    async def once(self, asked: Asked, brief: Brief, heard: Heard) -> AsyncIterator[str]:
        if self._model is None:
            raise AnalyzerUnreachable(f"{self.name!r} is not loaded.")
        model = self._model.model_copy(update=sampling(type(self._model), asked))
        try:
            stream = model.astream(list(asked.messages), **self.call(asked, brief.schema or SCHEMA))
            async with closing(pumped(stream)) as chunks:
                while (chunk := await self.next(chunks, brief.deadline)) is not None:
                    if text := hear(chunk, heard, self.name):
                        yield text
        except AnalyzerError:
            raise
        except ValueError as error:
            if str(error) == NOTHING:
                raise AnalyzerUnavailable(f"{self.name!r} was cut off before its answer.") from error
            raise translate(error, self.name) from error
        except Exception as error:  # any provider's own: there is no list of them
            raise translate(error, self.name) from error
        if heard.finish is None and self.tells_finish:
            raise AnalyzerUnavailable(f"{self.name!r} was cut off in the middle of its answer.")


def sampling(kind: "type[BaseChatModel]", asked: Asked) -> dict[str, Any]:
    """By the names that this provider's model has for them; the copy shares its connections."""
    fields = kind.model_fields
    limit = next((name for name in LIMITS if name in fields), None)
    wanted = {"temperature": asked.temperature, "seed": asked.seed, **({limit: asked.limit} if limit else {})}
    return {name: value for name, value in wanted.items() if name in fields and value is not None}
