"""Messages as a model's chat template takes them, and foreign text that cannot pass for its control tokens."""

import re
from collections.abc import Callable, Iterable, Sequence

Rendered = Callable[[Sequence[dict[str, str]]], str]
PROBE = ({"role": "system", "content": "s"}, {"role": "user", "content": "u"})


class Chat:
    """`template` writes a conversation as text, up to where the model's answer begins; None: it has no template."""

    def __init__(self, template: Rendered | None, control: Iterable[str], refusal: tuple[type[Exception], ...]) -> None:
        self._render = template or plain
        self._control = control_pattern(control)
        self._folds = template is not None and folds(template, refusal)

    def __call__(self, messages: Sequence[tuple[str, str]]) -> str:
        said = [{"role": role, "content": disarmed(text, self._control)} for role, text in messages]
        return self._render(folded(said) if self._folds else said)


def control_pattern(words: Iterable[str]) -> re.Pattern[str] | None:
    longest_first = sorted({word for word in words if len(word) > 1 and word.strip()}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def disarmed(text: str, control: re.Pattern[str] | None) -> str:
    """A document that spells a control token would end its turn and speak as somebody else: a space breaks it."""
    while control and control.search(text):
        text = control.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
    return text


def folds(template: Rendered, refusal: tuple[type[Exception], ...]) -> bool:
    """Whether this template knows no system role, as Gemma's."""
    try:
        template(PROBE)
    except refusal:
        return True
    return False


def folded(said: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """What the system would say stands at the head of what the user says."""
    if len(said) < 2 or said[0]["role"] != "system":
        return list(said)
    head, user, *rest = said
    return [{"role": user["role"], "content": f"{head['content']}\n\n{user['content']}"}, *rest]


def plain(said: Sequence[dict[str, str]]) -> str:
    return "".join(f"{message['content']}\n\n" for message in said)
