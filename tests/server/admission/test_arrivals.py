from math import inf

import pytest

from quorate_server.admission.arrivals import MEMORY_S, Arrivals


def test_nobody_coming_everybody_may_take_for_ever() -> None:
    assert Arrivals().share_s(16, 5.0) == inf


def test_a_steady_stream_is_shared_as_little_says() -> None:
    arrivals = Arrivals()
    for number in range(2000):
        arrivals.came(1, number * 0.01)
    assert arrivals.share_s(16, 20.0) == pytest.approx(16 / 100, rel=0.05)


def test_what_came_long_ago_is_forgotten() -> None:
    arrivals = Arrivals()
    arrivals.came(100, 0.0)
    assert arrivals.share_s(1, 10 * MEMORY_S) > 100 * arrivals.share_s(1, 0.0)


def test_a_clock_that_stands_still_or_goes_back_does_no_harm() -> None:
    arrivals = Arrivals()
    arrivals.came(1, 5.0)
    arrivals.came(1, 4.0)
    assert 0.0 < arrivals.share_s(1, 3.0) < inf
