"""How sure an answer may be, by rule and with its reason; a model has no say in it."""

from collections.abc import Sequence

from app.core.diagnosis import Confidence, Verdict
from app.core.statement import Checked
from app.retrieval.base import Retrieved

DEFINED = 0.95  # a document defines the code that was asked
MENTIONED = 0.6  # documents only mention it


def confidence(retrieved: Retrieved, statements: Sequence[Checked], verdict: Verdict) -> Confidence:
    if verdict == "unknown_code":
        return Confidence(0.0, "the code is not in the documents")
    if verdict == "insufficient_evidence" or not statements:
        return Confidence(0.0, "nothing that was found supports an answer")
    proved = sum(checked.mark in ("supported", "held") for checked in statements)
    share = proved / len(statements)
    base, reason = ground(retrieved)
    return Confidence(round(base * share, 2), f"{reason}; {proved} of {len(statements)} statements have a receipt")


def ground(retrieved: Retrieved) -> tuple[float, str]:
    known = {code.code for code in retrieved.fault_codes if code.known}
    if any(known & set(passage.defines) for passage in retrieved.passages):
        return DEFINED, "a document defines the code"
    if known:
        return MENTIONED, "documents mention the code and do not define it"
    return retrieved.relevance, "the words of the question were found"
