"""What the question names, before anything is looked up."""

from app.core.question import Question
from app.faults.codes import Mention, find

MOST_CODES = 12  # a pasted log can name hundreds; those of the question itself come first
MATERIAL_SHOWN = 2_000  # characters of log and code that the word lanes read beside the question


def mentions(question: Question) -> tuple[Mention, ...]:
    """One mention per distinct code, those of the question's own words before those of its log and code."""
    first: dict[str, Mention] = {}
    for mention in find(question.material):
        first.setdefault(mention.code, mention)
    return tuple(first.values())


def search_text(question: Question) -> str:
    rest = question.material[len(question.text) :].strip()
    return f"{question.text}\n{rest[:MATERIAL_SHOWN]}".strip()
