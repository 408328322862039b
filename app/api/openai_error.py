"""Problem details as OpenAI's error object: the same message, code and hint where its clients look for them."""

from collections.abc import Mapping
from typing import Any

PATH = "/v1/"
TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
THEIRS = {"unknown_analyzer": (404, "model_not_found", "model")}  # what their clients know by a code of its own


def spoken_at(path: str) -> bool:
    return path.startswith(PATH)


def status_of(problem: Mapping[str, Any]) -> int:
    return int(THEIRS.get(problem["code"], (problem["status"],))[0])


def error_object(problem: Mapping[str, Any]) -> dict[str, Any]:
    """`hint`, `retry` and, where several places are wrong, `errors` are added to what OpenAI has."""
    status, code, param = THEIRS.get(problem["code"], (problem["status"], problem["code"], first_place(problem)))
    told = {
        "message": f"{problem['detail']} {problem['hint']}".strip(),
        "type": TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error"),
        "param": param,
        "code": code,
    }
    return {"error": {**told, **{key: problem[key] for key in ("hint", "retry", "errors") if key in problem}}}


def first_place(problem: Mapping[str, Any]) -> str | None:
    places = problem.get("errors") or [{"at": ""}]
    return str(places[0]["at"]).removeprefix("body.") or None
