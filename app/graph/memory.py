"""The runs of this process that can still be followed: all that are under way, and the newest that have ended."""

from collections import OrderedDict
from dataclasses import dataclass, field, replace

from app.graph.run import Run


@dataclass(eq=False, slots=True)
class Memory:
    kept: int
    under_way: dict[str, Run] = field(default_factory=dict)
    ended: OrderedDict[str, Run] = field(default_factory=OrderedDict)

    def get(self, run_id: str) -> Run | None:
        return self.under_way.get(run_id) or self.ended.get(run_id)

    def begin(self, run: Run) -> None:
        self.under_way[run.id] = run

    def forget(self, run_id: str) -> None:
        """Its events are not told any more."""
        self.ended.pop(run_id, None)

    def end(self, run: Run) -> None:
        """Its events stay; what was handed in with the question may be megabytes, and stands in the record."""
        if self.under_way.pop(run.id, None) is None:
            return
        run.question = replace(run.question, log="", code=None, attachments=(), history=())
        self.ended[run.id] = run
        while len(self.ended) > self.kept:
            self.ended.popitem(last=False)
