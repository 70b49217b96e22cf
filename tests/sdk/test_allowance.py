"""What of a deadline is kept back for the network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.allowance import LEAST_S, MOST_SHARE, NetworkAllowance

seconds = st.floats(0, 1e6)


def test_a_little_is_kept_before_anything_is_known():
    assert NetworkAllowance().of(3.5) == LEAST_S


def test_a_steady_network_takes_what_it_takes():
    allowance = NetworkAllowance()
    for _ in range(200):
        allowance.learn(client_s=1.040, server_s=1.0)
    assert allowance.of(3.5) == pytest.approx(0.040, rel=0.01)


def test_an_unsteady_network_is_given_a_margin():
    allowance = NetworkAllowance()
    for turn in range(200):
        allowance.learn(client_s=1.02 + 0.04 * (turn % 2), server_s=1.0)
    assert 0.06 < allowance.of(3.5) < 0.10


def test_what_was_slow_once_is_forgotten():
    allowance = NetworkAllowance()
    allowance.learn(client_s=3.0, server_s=1.0)
    for _ in range(100):
        allowance.learn(client_s=1.001, server_s=1.0)
    assert allowance.of(3.5) == pytest.approx(LEAST_S, abs=0.001)


@given(st.lists(st.tuples(seconds, seconds), max_size=30), st.floats(-10, 1e6))
def test_it_never_takes_more_than_its_share(calls: list[tuple[float, float]], left: float) -> None:
    allowance = NetworkAllowance()
    for client_s, server_s in calls:
        allowance.learn(client_s, server_s)
    kept = allowance.of(left)
    assert 0 <= kept <= MOST_SHARE * max(0.0, left)
