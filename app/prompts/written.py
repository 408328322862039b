"""One version of one prompt: checked whole, compiled once, rendered purely."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from app.core.errors import PromptError
from app.core.question import Options
from app.prompts.contract import STYLE, breaches
from app.prompts.fences import fenced, line
from app.prompts.front import PromptFile, Section, parse, wrong

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

FILE, LANGFUSE = "file", "langfuse"
Part = tuple[str, Callable[..., str]]


@dataclass(frozen=True, slots=True)
class Variant:
    """A prompt in the words for one model family. Its label is what an answer shows."""

    label: str
    options: Options
    required: frozenset[str]
    optional: frozenset[str]
    parts: tuple[Part, ...]
    style: str = ""
    digest: str = ""  # of its sections, its style and what the front matter says for all

    def render(self, **variables: object) -> tuple[tuple[str, str], ...]:
        if missing := self.required - variables.keys() - {STYLE}:
            raise PromptError(f"{self.label} needs {', '.join(sorted(missing))}.")
        if unknown := variables.keys() - self.required - self.optional:
            raise PromptError(f"{self.label} knows no {', '.join(sorted(unknown))}.")
        given = {**dict.fromkeys(self.optional), STYLE: self.style, **variables}
        try:
            return tuple((role, render(**given)) for role, render in self.parts)
        except _template_error() as error:
            raise PromptError(f"{self.label} cannot be rendered: {error}.") from error


@dataclass(frozen=True, slots=True)
class Written:
    """`source` is where it was read: `file` or `langfuse`; each counts its versions for itself."""

    name: str
    version: int
    text: str
    source: str
    variants: Mapping[str, Variant]

    @property
    def digest(self) -> str:
        return digest(self.text)

    @property
    def families(self) -> tuple[str, ...]:
        return tuple(self.variants)

    def variant(self, family: str) -> Variant:
        return self.variants.get(family) or self.variants["default"]


def digest(text: str) -> str:
    """Of the text with plain line ends, so that a round trip through a server or an editor changes nothing."""
    return hashlib.sha256(text.replace("\r\n", "\n").strip().encode("utf-8", "surrogatepass")).hexdigest()


def label(name: str, version: int, family: str, source: str) -> str:
    """`name@version/variant`, and for what is no file `+` where it came from: other places count for themselves."""
    return f"{name}@{version}/{family}" + ("" if source == FILE else f"+{source}")


def write(place: str, text: str, *, style: str = "", source: str = FILE, version: int | None = None) -> Written:
    """Raises `PromptError` that names the place and the line. `version`: as a server counts, if one does."""
    file = parse(place, text)
    for breach in breaches(file.front.name, file.front.variables):
        raise wrong(place, 2, breach)
    used: set[str] = set()
    parts: dict[str, list[Part]] = {}
    for section in file.sections:
        names, render = _compiled(place, section)
        if unknown := names - file.front.variables.keys():
            raise wrong(place, section.line, f"{', '.join(sorted(unknown))} is not declared in `variables`")
        used |= names
        parts.setdefault(section.family, []).append((section.role, render))
    if idle := file.front.variables.keys() - used:
        raise wrong(place, 2, f"{', '.join(sorted(idle))} is declared and never used")
    number = file.front.version if version is None else version
    made = {family: _variant(file, tuple(own)) for family, own in parts.items()}
    named = {
        family: replace(
            variant,
            label=label(file.front.name, number, family, source),
            style=style,
            digest=_digest(file, family, style),
        )
        for family, variant in made.items()
    }
    return Written(file.front.name, number, text, source, named)


def _digest(file: PromptFile, family: str, style: str) -> str:
    written = [(section.role, section.text) for section in file.sections if section.family == family]
    return hashlib.sha256(repr((file.front.model_dump_json(), style, written)).encode()).hexdigest()


def _variant(file: PromptFile, parts: tuple[Part, ...]) -> Variant:
    front = file.front
    kinds = {kind: frozenset(n for n, k in front.variables.items() if k == kind) for kind in ("required", "optional")}
    options = Options(front.options.temperature, front.options.max_tokens, front.options.seed)
    return Variant(front.name, options, kinds["required"], kinds["optional"], parts)


def _compiled(place: str, section: Section) -> tuple[set[str], Callable[..., str]]:
    from jinja2 import TemplateSyntaxError, meta

    environment = _environment()
    try:
        tree = environment.parse(section.text)
        return meta.find_undeclared_variables(tree), environment.from_string(section.text).render
    except TemplateSyntaxError as error:
        raise wrong(place, section.line + error.lineno, error.message or "this is no template") from error
    except _template_error() as error:  # an unknown filter or test
        raise wrong(place, section.line, f"{error}") from error


@lru_cache(maxsize=1)
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
