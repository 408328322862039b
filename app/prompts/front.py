"""A prompt file taken apart: its front matter, checked field by field, and its sections by family and role."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.core.errors import PromptError

SECTION = re.compile(r"^(?:## family: *(?P<family>\S+)|### (?P<role>system|user|assistant)) *$", re.MULTILINE)
FENCE = "---\n"


class OptionDefaults(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1)
    seed: int | None = None


class FrontMatter(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    version: int = Field(ge=1)
    families: tuple[str, ...] = Field(min_length=1)
    variables: dict[str, Literal["required", "optional"]]
    options: OptionDefaults = OptionDefaults()


@dataclass(frozen=True, slots=True)
class Section:
    family: str
    role: str
    text: str
    line: int  # of its first line in the file


@dataclass(frozen=True, slots=True)
class PromptFile:
    front: FrontMatter
    sections: tuple[Section, ...]


def read(path: Path) -> str:
    """Raises `PromptError` for what is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise wrong(path.name, 1, f"it cannot be read: {error}") from error


def parse(path: str, text: str) -> PromptFile:
    """Raises `PromptError` that names the file, or whatever else the text came from, and the line."""
    text = text.replace("\r\n", "\n")
    if not text.startswith(FENCE) or "\n---\n" not in text:
        raise wrong(path, 1, "it has to open with front matter between two lines `---`")
    head, body = text[len(FENCE) :].split("\n---\n", 1)
    front = _front(path, head)
    sections = tuple(_sections(path, body, head.count("\n") + 3))
    _families(path, front, sections)
    return PromptFile(front, sections)


def wrong(path: str, line: int, reason: str) -> PromptError:
    return PromptError(f"{path}:{line}: {reason}.")


def _front(path: str, head: str) -> FrontMatter:
    import yaml

    try:
        data = yaml.safe_load(head)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "this is not YAML"
        raise wrong(path, mark.line + 2 if mark else 2, reason) from error
    if not isinstance(data, dict):
        raise wrong(path, 2, "the front matter has to be a mapping")
    try:
        return FrontMatter.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise wrong(path, _line_of(head, first["loc"]), f"{name}: {first['msg']}") from error


def _line_of(head: str, place: tuple[Any, ...]) -> int:
    """Where the field stands, or the front matter's first line when it is missing."""
    lines = head.split("\n")
    found = [number for number, line in enumerate(lines, start=2) if line.strip().startswith(f"{place[-1]}:")]
    outer = [number for number, line in enumerate(lines, start=2) if line.startswith(f"{place[0]}:")]
    return next(iter(found or outer), 2)


def _sections(path: str, body: str, offset: int) -> list[Section]:
    found: list[Section] = []
    family = ""
    marks = list(SECTION.finditer(body))
    if not marks or body[: marks[0].start()].strip():
        raise wrong(path, offset, "the text has to begin with `## family: default`")
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        text = body[mark.end() : following.start() if following else len(body)]
        at = offset + body.count("\n", 0, mark.start())
        if mark["family"]:
            family = mark["family"]
            if text.strip():
                raise wrong(path, at + 1, "a family opens with `### system` or `### user`")
        elif not family:
            raise wrong(path, at, "a section has to stand under `## family: …`")
        else:
            found.append(Section(family, mark["role"], text.strip(), at + 1))
    return found


def _families(path: str, front: FrontMatter, sections: tuple[Section, ...]) -> None:
    written = {section.family for section in sections}
    if "default" not in front.families:
        raise wrong(path, 2, "families have to hold `default`")
    if written != set(front.families):
        differing = ", ".join(sorted(written ^ set(front.families)))
        raise wrong(path, 2, f"families and sections differ: {differing}")
