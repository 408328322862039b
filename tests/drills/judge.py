"""What every answer must keep, whatever happened behind it: one voice, and receipts that stand in the documents."""

import json
from collections.abc import Sequence
from typing import Any

import httpx

from app.api.markdown import markdown
from app.core.diagnosis import Diagnosis as Answer
from app.core.wire import from_json

Diagnosis = dict[str, Any]
Events = Sequence[tuple[str, dict[str, Any]]]


def wording(diagnosis: Diagnosis) -> dict[str, object]:
    """All that an analyzer has a say in, without ids and times."""
    return {
        "verdict": diagnosis["verdict"],
        "summary": diagnosis["summary"],
        "meanings": [code["meaning"] for code in diagnosis["fault_codes"]],
        "causes": [hypothesis["cause"] for hypothesis in diagnosis["hypotheses"]],
        "steps": [(step["text"], step["action"], step["expected"]) for step in diagnosis["steps"]],
        "limits": [limit["text"] for limit in diagnosis["limits"]],
        "next_test": diagnosis["next_test"] and diagnosis["next_test"]["text"],
        "fix": diagnosis["code_fix"],
    }


def last_attempt(events: Events) -> list[dict[str, Any]]:
    """The statements that were not taken back."""
    told: list[dict[str, Any]] = []
    for kind, data in events:
        if kind == "statement":
            told.append(data)
        elif kind == "restarted":
            told = []
    return told


def check_order(events: Events) -> Diagnosis:
    """Evidence before words, one end, every number once -> the diagnosis."""
    kinds = [kind for kind, _ in events]
    assert kinds[:2] == ["started", "retrieved"]
    assert kinds[-1] == "answered"
    assert set(kinds[2:-1]) <= {"statement", "restarted", "approval_needed"}
    assert [data["seq"] for _, data in events] == list(range(1, len(events) + 1))
    attempts = [data["attempt"] for _, data in events]
    assert attempts == sorted(attempts)
    assert attempts[-1] == 1 + kinds.count("restarted")
    return events[-1][1]["diagnosis"]


def check_one_voice(events: Events) -> Diagnosis:
    """The answer says exactly what the statements of the last attempt said."""
    diagnosis = check_order(events)
    told = last_attempt(events)
    for path, texts in (
        ("hypotheses", [hypothesis["cause"] for hypothesis in diagnosis["hypotheses"]]),
        ("steps", [step["text"] for step in diagnosis["steps"]]),
        ("limits", [limit["text"] for limit in diagnosis["limits"]]),
    ):
        assert [statement["text"] for statement in told if statement["path"].startswith(f"{path}[")] == texts
    receipts = {receipt["id"]: receipt for statement in told for receipt in statement["citations"]}
    assert {citation["id"]: citation for citation in diagnosis["citations"]} == receipts
    return diagnosis


def said(text: str) -> list[str]:
    """The lines of an answer in Markdown, without their headings."""
    return [line for line in text.splitlines() if line and not line.startswith("**")]


def check_text(text: str, diagnosis: Diagnosis) -> None:
    """What was streamed is the answer: no line too many, and none is missing but a summary that only repeats."""
    whole = said(markdown(from_json(Answer, json.dumps(diagnosis))))
    assert set(said(text)) <= set(whole)
    assert set(whole) - set(said(text)) <= {whole[0]}


def check_withdrawn(text: str, events: Events) -> None:
    """What was streamed before the error object is all of the first attempt, and that was taken back."""
    kinds = [kind for kind, _ in events]
    first = [data["text"] for kind, data in events[: kinds.index("restarted")] if kind == "statement"]
    assert said(text)
    assert all(any(" ".join(one.split()) in line for one in first) for line in said(text))


async def check_receipts(client: httpx.AsyncClient, diagnosis: Diagnosis) -> None:
    """Every quote stands at its offsets in the text that the service keeps."""
    texts: dict[str, str] = {}
    for citation in diagnosis["citations"]:
        document = citation["document_id"]
        if document not in texts:
            texts[document] = (await client.get(f"/api/v1/documents/{document}")).json()["text"]
        assert texts[document][citation["start"] : citation["end"]] == citation["quote"]
    assert diagnosis["citations"] or diagnosis["verdict"] != "answered"
