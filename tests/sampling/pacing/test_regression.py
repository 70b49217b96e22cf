import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_sampling.pacing.regression import LEAST_S, Regression

TIMES = st.floats(1e-6, 1e4)
FEATURES = st.lists(st.floats(0, 1e4), min_size=2, max_size=2)


def test_costs_are_found_again_from_noisy_observations() -> None:
    rng, fit = random.Random(0), Regression([1.0, 1.0, 1.0], keeping=0.99)
    for _ in range(600):
        features = (1.0, rng.uniform(0, 4), rng.uniform(0, 2))
        seconds = 0.02 + 0.1 * features[1] + 0.03 * features[2]
        fit.learn(features, seconds * rng.lognormvariate(0, 0.05))
    assert fit.costs == pytest.approx([0.02, 0.1, 0.03], rel=0.25)


def test_costs_follow_an_engine_that_changes() -> None:
    rng, fit = random.Random(0), Regression([0.1, 0.1], keeping=0.99)
    for cost in (0.1, 0.4, 0.05):
        for _ in range(500):
            features = (1.0, rng.uniform(0, 4))
            fit.learn(features, cost * (1 + features[1]))
        assert fit.predict((1.0, 2.0)) == pytest.approx(3 * cost, rel=0.05)


def test_a_cost_nothing_bears_on_stays_what_it_was() -> None:
    fit = Regression([0.1, 0.7], keeping=0.9)
    for _ in range(1000):
        fit.learn((1.0, 0.0), 0.02)
    assert fit.costs == pytest.approx([0.02, 0.7])


def test_prompts_of_next_to_no_length_say_nothing_of_long_ones() -> None:
    rng, fit = random.Random(0), Regression([0.1, 0.05], keeping=0.99)
    for _ in range(20):
        fit.learn((1.0, rng.uniform(0.003, 0.012)), rng.uniform(0.001, 0.05))
    assert fit.predict((1.0, 4.0)) < 0.5


def test_an_outlier_is_believed_only_in_part() -> None:
    fit = Regression([0.1], keeping=0.99)
    for _ in range(100):
        fit.learn((1.0,), 0.1)
    fit.learn((1.0,), 3000.0)
    assert fit.predict((1.0,)) < 0.11


@given(st.lists(st.tuples(FEATURES, TIMES), max_size=60), FEATURES, FEATURES)
def test_more_is_never_predicted_to_take_less(seen, some, added) -> None:
    fit = Regression([0.1, 0.1], keeping=0.95)
    for features, seconds in seen:
        fit.learn(features, seconds)
    more = [a + b for a, b in zip(some, added, strict=True)]
    assert LEAST_S <= fit.predict(some) <= fit.predict(more) * (1 + 1e-12)
