from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_sampling.softmax import softmax


def test_softmax_holds_for_scores_far_apart() -> None:
    assert softmax([-1e6, 0.0]) == [0.0, 1.0]
    assert softmax([1e6, 1e6], temperature=1e-300) == [0.5, 0.5]
    assert softmax([-inf, -3.0]) == [0.0, 1.0]
    assert softmax([]) == []


@given(st.lists(st.floats(-700, 0), min_size=1), st.floats(0.05, 20))
def test_shares_sum_to_one_and_keep_the_order(scores: list[float], temperature: float) -> None:
    shares = softmax(scores, temperature)
    assert sum(shares) == pytest.approx(1)
    pairs = sorted(zip(scores, shares, strict=True))
    assert [share for _, share in pairs] == sorted(shares)
