"""Directives and roles that docutils does not know: what they enclose is read, what they do is not done.

Manuals are written for Sphinx and its extensions, of which there is no end; so any name is taken.
"""

import re
from typing import Any

DIRECTIVE = re.compile(r"^[ \t]*(?:[-*+][ \t]+)*\.\.[ \t]+([A-Za-z][\w:+.-]*?)[ \t]*::(?:[ \t]|$)", re.MULTILINE)
ROLE = re.compile(r":([A-Za-z][\w:+.-]*):`|`:([A-Za-z][\w:+.-]*):")
OWN_TEXT = re.compile(r"(.+?)\s*<[^<>]*>", re.DOTALL)
VERBATIM = ("code", "code-block", "sourcecode", "highlight-code", "parsed-literal", "prompt", "console")
UNREAD = ("toctree", "contents", "index", "highlight", "default-role", "date", "sectnum", "only-files", "todolist")
GIVEN = frozenset((*VERBATIM, *UNREAD))
BOXED = ("sidebar", "topic", "seealso", "versionadded", "versionchanged", "deprecated")


class AnyOption(dict[str, Any]):
    """Takes every option of a directive as it stands."""

    def __missing__(self, key: str) -> Any:
        return lambda value: value or ""

    def __bool__(self) -> bool:
        return True


def known(text: str) -> None:
    """Make every directive and role of this text one that docutils can read. Cheap to repeat."""
    from docutils.parsers.rst import directives, languages, roles

    lenient, verbatim, silent = _classes()
    english: Any = languages.get_language("en")
    for name in (*VERBATIM, *BOXED, *UNREAD):
        made = verbatim if name in VERBATIM else lenient if name in BOXED else silent
        directives.register_directive(name, made)
    for name in {match[1].lower() for match in DIRECTIVE.finditer(text)}:
        if name not in english.directives and name not in GIVEN:
            directives.register_directive(name, lenient)
    for name in {(match[1] or match[2]).lower() for match in ROLE.finditer(text)}:
        if name not in english.roles:
            roles.register_local_role(name, _role)


def _role(name: str, rawtext: str, text: str, *_: Any, **__: Any) -> tuple[list[Any], list[Any]]:
    """`:ref:`words <target>`` reads as its words."""
    from docutils import nodes, utils

    plain = utils.unescape(text)
    own = OWN_TEXT.fullmatch(plain)
    return [nodes.inline(rawtext, own[1] if own else plain)], []


def _classes() -> tuple[Any, Any, Any]:
    from docutils import nodes
    from docutils.parsers.rst import Directive

    class Lenient(Directive):
        """Its argument is a line of text, its content is read as any other."""

        optional_arguments = 1
        final_argument_whitespace = True
        has_content = True
        option_spec = AnyOption()

        def run(self) -> list[Any]:
            box = nodes.container()
            if self.arguments:
                told, _ = self.state.inline_text(self.arguments[0], self.lineno)
                line = nodes.paragraph(self.arguments[0], "", *told)
                line.line = self.lineno
                box += line
            self.state.nested_parse(self.content, self.content_offset, box)
            return [box]

    class Verbatim(Directive):
        optional_arguments = 1
        final_argument_whitespace = True
        has_content = True
        option_spec = AnyOption()

        def run(self) -> list[Any]:
            lines = "\n".join(self.content)
            block = nodes.literal_block(lines, lines, classes=["code", *self.arguments])
            block.line = self.content_offset + 1
            return [block] if lines.strip() else []

    class Silent(Directive):
        optional_arguments = 1
        final_argument_whitespace = True
        has_content = True
        option_spec = AnyOption()

        def run(self) -> list[Any]:
            return []

    return Lenient, Verbatim, Silent
