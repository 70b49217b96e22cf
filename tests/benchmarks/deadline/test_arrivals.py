from itertools import pairwise

import pytest

from benchmarks.deadline.arrivals import BUDGETS_S, at_once, poisson


def test_the_same_seed_gives_the_same_requests() -> None:
    assert poisson(5, 20, seed=1) == poisson(5, 20, seed=1)
    assert poisson(5, 20, seed=1) != poisson(5, 20, seed=2)


def test_as_many_come_as_the_rate_says_and_as_irregularly() -> None:
    arrivals = poisson(50, 200, seed=1)
    gaps = [b.at_s - a.at_s for a, b in pairwise(arrivals)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert len(arrivals) == pytest.approx(10_000, rel=0.05)
    assert variance == pytest.approx(mean**2, rel=0.1)
    assert arrivals[-1].at_s < 200


def test_every_budget_is_drawn_as_often() -> None:
    arrivals = poisson(50, 200, seed=1)
    for budget in BUDGETS_S:
        count = sum(arrival.budget_s == budget for arrival in arrivals)
        assert count == pytest.approx(len(arrivals) / len(BUDGETS_S), rel=0.1)


def test_a_closed_loop_has_all_its_requests_at_hand() -> None:
    assert {arrival.at_s for arrival in at_once(7, 1.0, seed=1)} == {0.0}
