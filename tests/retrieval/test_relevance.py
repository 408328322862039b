"""The relevance is a probability that follows its signs, and believes no cosine that it was not fitted to."""

import pytest

from app.retrieval.base import RELEVANT
from app.retrieval.relevance import CURVES, Signs, relevance

MINILM = "all-MiniLM-L6-v2@53aa5117"
GOOD, BAD = Signs(covered=0.7, absent=0.0, cosine=0.6), Signs(covered=0.1, absent=0.7, cosine=0.2)


def test_what_fits_is_relevant_and_what_does_not_is_not() -> None:
    assert relevance(GOOD, MINILM) > RELEVANT > relevance(BAD, MINILM)
    assert 0.0 <= relevance(BAD, MINILM) < relevance(GOOD, MINILM) <= 1.0


@pytest.mark.parametrize("model", [MINILM, "another", ""])
def test_more_covered_is_more_and_more_absent_is_less(model: str) -> None:
    values = [relevance(Signs(share, 0.2, 0.4), model) for share in (0.0, 0.3, 0.6, 1.0)]
    assert values == sorted(values)
    values = [relevance(Signs(0.4, share, 0.4), model) for share in (1.0, 0.5, 0.0)]
    assert values == sorted(values)


def test_a_near_passage_helps_only_where_its_embedder_was_measured() -> None:
    near, far = Signs(0.4, 0.2, 0.7), Signs(0.4, 0.2, 0.1)
    assert relevance(near, MINILM) > relevance(far, MINILM)
    assert relevance(near, "e5-small@1") == relevance(far, "e5-small@1") == relevance(Signs(0.4, 0.2), MINILM)


def test_another_version_of_a_measured_embedder_keeps_its_curve() -> None:
    (name,) = CURVES
    assert relevance(GOOD, f"{name}@other") == relevance(GOOD, MINILM)
