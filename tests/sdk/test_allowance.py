"""What of a deadline is kept back for the network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.allowance import BACK_OFF, LEAST_S, MOST_SHARE, NetworkAllowance

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


def test_each_call_that_was_late_has_more_kept_back() -> None:
    allowance = NetworkAllowance()
    kept = [allowance.of(3.5)]
    for _ in range(3):
        allowance.learn_late(kept[-1])
        kept.append(allowance.of(3.5))
    assert kept == pytest.approx([LEAST_S * BACK_OFF**late for late in range(4)])


def test_calls_that_were_late_together_teach_it_once() -> None:
    allowance = NetworkAllowance()
    for _ in range(1000):
        allowance.learn_late(LEAST_S)
    assert allowance.of(3.5) == pytest.approx(LEAST_S * BACK_OFF)


def test_the_first_call_that_is_back_says_what_had_been_too_much() -> None:
    allowance = NetworkAllowance()
    for _ in range(20):
        allowance.learn_late(allowance.of(3.5))
    assert allowance.of(3.5) == MOST_SHARE * 3.5
    allowance.learn(client_s=1.040, server_s=1.0)
    assert allowance.of(3.5) == pytest.approx(0.080)


@given(
    st.lists(st.tuples(seconds, seconds), max_size=30),
    st.lists(seconds, max_size=5),
    st.floats(-10, 1e6),
)
def test_it_never_takes_more_than_its_share(
    calls: list[tuple[float, float]], late: list[float], left: float
) -> None:
    allowance = NetworkAllowance()
    for client_s, server_s in calls:
        allowance.learn(client_s, server_s)
    for budget_s in late:
        allowance.learn_late(allowance.of(budget_s))
    kept = allowance.of(left)
    assert 0 <= kept <= MOST_SHARE * max(0.0, left)
