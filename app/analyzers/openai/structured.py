"""How strictly a server can be held to the schema: asked for the most at first, remembered once it has refused."""

from collections.abc import Mapping

from app.analyzers.openai.settings import Structured
from app.core.errors import AnalyzerContextExceeded, AnalyzerError, AnalyzerRefused

MODES: tuple[Structured, ...] = ("json_schema", "json_object", "none")  # without vLLM's own
REFUSALS = frozenset({400, 404, 422, 500, 501})
SURE = 2  # times that a 500 must have been cured by asking less before it is taken for a refusal


class Modes:
    def __init__(self, asked: Structured) -> None:
        self.fixed = asked != "auto"
        self.best: Structured = asked if self.fixed else MODES[0]
        self._ladder = MODES
        self._cured = 0

    def begin(self, vllm: Structured | None) -> None:
        """What the server said of itself: the field of its own comes first."""
        self._ladder = (vllm, *MODES) if vllm else MODES
        if not self.fixed:
            self.best = self._ladder[0]

    def lower(self, mode: Structured, error: AnalyzerError) -> Structured | None:
        """What to ask for next when this mode met this error; None when the mode is not to blame."""
        status = getattr(error.__cause__, "status_code", None)
        blameless = isinstance(error, AnalyzerContextExceeded | AnalyzerRefused)
        if self.fixed or blameless or status not in REFUSALS or mode == MODES[-1]:
            return None
        return self._ladder[self._ladder.index(mode) + 1]

    def learn(self, mode: Structured, error: AnalyzerError | None) -> None:
        """`mode` has worked, right after `error` had met a stricter one."""
        if error is None or mode == self.best:
            return
        self._cured += 1
        if getattr(error.__cause__, "status_code", 500) < 500 or self._cured >= SURE:
            self.best = mode


def response_format(mode: Structured, schema: Mapping[str, object]) -> dict[str, object]:
    if mode == "json_schema":
        form = {"name": "diagnosis", "strict": True, "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": form}}
    if mode == "structured_outputs":
        return {"structured_outputs": {"json": schema}}
    if mode == "guided_json":
        return {"guided_json": schema}
    return {"response_format": {"type": "json_object"}} if mode == "json_object" else {}
