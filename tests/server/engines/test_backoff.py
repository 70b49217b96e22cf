from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from quorate_server.engines.backoff import Backoff


@given(st.integers(1, 100))
def test_delays_grow_to_their_bound_and_never_vanish(tries: int) -> None:
    backoff = Backoff(first_s=0.5, most_s=30)
    delays = [backoff.next_s() for _ in range(tries)]
    for number, delay in enumerate(delays):
        bound = min(30, 0.5 * 2**number)
        assert bound / 2 <= delay <= bound


def test_delays_differ_between_two_that_wait() -> None:
    assert Backoff().next_s() != Backoff().next_s()


def test_a_reset_starts_over() -> None:
    backoff = Backoff(first_s=1)
    assert all(a <= b * 2 for a, b in pairwise(backoff.next_s() for _ in range(4)))
    backoff.reset()
    assert backoff.next_s() <= 1
