"""Prompts as files: each read once, checked whole, compiled; rendering is pure."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import PromptError
from app.core.question import Options
from app.prompts.fences import fenced, line
from app.prompts.front import PromptFile, Section, read, wrong

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

INSTALLED = Path(__file__).with_name("files")  # in the wheel
CHECKOUT = Path(__file__).parents[2] / "prompts"


@dataclass(frozen=True, slots=True)
class FilePrompt:
    label: str
    options: Options
    required: frozenset[str]
    optional: frozenset[str]
    parts: tuple[tuple[str, Callable[..., str]], ...]
    digest: str = ""

    def render(self, **variables: object) -> tuple[tuple[str, str], ...]:
        if missing := self.required - variables.keys():
            raise PromptError(f"{self.label} needs {', '.join(sorted(missing))}.")
        if unknown := variables.keys() - self.required - self.optional:
            raise PromptError(f"{self.label} knows no {', '.join(sorted(unknown))}.")
        given = {**dict.fromkeys(self.optional), **variables}
        try:
            return tuple((role, render(**given)) for role, render in self.parts)
        except _template_error() as error:
            raise PromptError(f"{self.label} cannot be rendered: {error}.") from error


@dataclass(frozen=True, slots=True)
class FileSet:
    """Use case -> family -> prompt."""

    prompts: Mapping[str, Mapping[str, FilePrompt]] = field(default_factory=dict)

    def pick(self, use_case: str, family: str) -> FilePrompt:
        variants = self.prompts.get(use_case)
        if variants is None:
            raise PromptError(f"There is no prompt for {use_case!r}; there are {', '.join(sorted(self.prompts))}.")
        return variants.get(family) or variants["default"]


class FilePrompts:
    """Reads the folder at `load`; `current` loads when that was not done, and costs nothing afterwards."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or (INSTALLED if INSTALLED.is_dir() else CHECKOUT)
        self._set: FileSet | None = None

    def load(self) -> FileSet:
        """Raises `PromptError` for the first file that is wrong, with its line."""
        environment = _environment()
        found: dict[str, Mapping[str, FilePrompt]] = {}
        for path in sorted(self.folder.glob("*.md")):
            file = read(path)
            if file.front.name in found:
                raise wrong(path, 2, f"another file already has the name {file.front.name!r}")
            found[file.front.name] = _variants(path, file, environment)
        if not found:
            raise PromptError(f"There are no prompts in {self.folder}.")
        self._set = FileSet(found)
        return self._set

    def current(self) -> FileSet:
        return self._set or self.load()


def _environment() -> "SandboxedEnvironment":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False
    )
    environment.filters.update(fenced=fenced, line=line)
    return environment


def _template_error() -> type[Exception]:
    from jinja2 import TemplateError

    return TemplateError


def _variants(path: Path, file: PromptFile, environment: "SandboxedEnvironment") -> Mapping[str, FilePrompt]:
    used: set[str] = set()
    parts: dict[str, list[tuple[str, Callable[..., str]]]] = {}
    for section in file.sections:
        names, render = _compiled(path, section, environment)
        if unknown := names - file.front.variables.keys():
            raise wrong(path, section.line, f"{', '.join(sorted(unknown))} is not declared in `variables`")
        used |= names
        parts.setdefault(section.family, []).append((section.role, render))
    if idle := file.front.variables.keys() - used:
        raise wrong(path, 2, f"{', '.join(sorted(idle))} is declared and never used")
    return {
        family: replace(_prompt(file, family, tuple(own)), digest=_digest(file, family))
        for family, own in parts.items()
    }


def _digest(file: PromptFile, family: str) -> str:
    """Of the sections of this variant and of what its front matter says for all."""
    written = [(section.role, section.text) for section in file.sections if section.family == family]
    return hashlib.sha256(repr((file.front.model_dump_json(), written)).encode()).hexdigest()


def _compiled(path: Path, section: Section, environment: "SandboxedEnvironment") -> tuple[set[str], Callable[..., str]]:
    from jinja2 import TemplateSyntaxError, meta

    try:
        tree = environment.parse(section.text)
        return meta.find_undeclared_variables(tree), environment.from_string(section.text).render
    except TemplateSyntaxError as error:
        raise wrong(path, section.line + error.lineno, error.message or "this is no template") from error


def _prompt(file: PromptFile, family: str, parts: tuple[tuple[str, Callable[..., str]], ...]) -> FilePrompt:
    front = file.front
    kinds = {kind: frozenset(n for n, k in front.variables.items() if k == kind) for kind in ("required", "optional")}
    options = Options(front.options.temperature, front.options.max_tokens, front.options.seed)
    label = f"{front.name}@{front.version}/{family}"
    return FilePrompt(label, options, kinds["required"], kinds["optional"], parts)
