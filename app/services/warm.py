"""What is made at first use and would hold up the first question: tables of the trade, serializers of the answer."""

from app.core.code import code_label
from app.core.diagnosis import Diagnosis
from app.core.question import Question
from app.core.wire import from_json, to_json
from app.faults import actions, codes, units
from app.records.base import Pack
from app.retrieval.asked import trade


def first_use() -> None:
    """Heavy; called once in a worker thread."""
    codes.find("E73-B")
    actions.classify("check")
    units.quantities("5 bar")
    trade()
    code_label()
    empty = Pack("", Question(""), Diagnosis("", "answered", ""), 0)
    from_json(Pack, to_json(empty))
    for part in (empty.question, empty.diagnosis):
        to_json(part)
