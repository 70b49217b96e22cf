from hypothesis import given
from hypothesis import strategies as st

from quorate_server.admission.limit import ENOUGH, LEAST, MOST, TOKEN_TOLERANCE, AdaptiveLimit


def drawn(limit: AdaptiveLimit, token_s: float, at_once: int, *, windows: int, now: float) -> float:
    """So many windows in which tokens took so long; returns the time it is then."""
    for _ in range(windows):
        now += 2.0
        for _ in range(ENOUGH):
            limit.token(token_s, at_once, now)
    return now


def test_it_starts_at_the_capacity_and_where_that_is_unknown_modestly() -> None:
    assert AdaptiveLimit(128).samples == 128
    assert AdaptiveLimit().samples == LEAST


def test_it_grows_while_tokens_come_as_fast_as_ever() -> None:
    limit = AdaptiveLimit()
    now = 0.0
    for _ in range(200):
        now = drawn(limit, 0.01, limit.samples, windows=1, now=now)
    assert limit.samples == MOST


def test_it_never_passes_a_known_capacity() -> None:
    limit = AdaptiveLimit(24)
    drawn(limit, 0.01, 24, windows=50, now=0.0)
    assert limit.samples == 24


def test_it_does_not_grow_where_it_is_not_used() -> None:
    limit = AdaptiveLimit()
    drawn(limit, 0.01, 3, windows=50, now=0.0)
    assert limit.samples == LEAST


def test_it_settles_where_a_batch_no_longer_pays() -> None:
    """Tokens of an engine that takes 8 ms, and 0.1 ms more for each sample beside."""
    limit = AdaptiveLimit(1024)
    limit.idle_token_s = 0.008
    now = 0.0
    for _ in range(300):
        now = drawn(limit, 0.008 + 0.0001 * limit.samples, limit.samples, windows=1, now=now)
    token_s = 0.008 + 0.0001 * limit.samples
    assert 0.8 * TOKEN_TOLERANCE < token_s / 0.008 < 1.6 * TOKEN_TOLERANCE
    assert 100 < limit.samples < 400


def test_a_slow_spell_lowers_it_to_what_any_engine_can_do_and_passes() -> None:
    limit = AdaptiveLimit(128)
    now = drawn(limit, 0.005, 100, windows=5, now=0.0)
    now = drawn(limit, 0.1, 100, windows=60, now=now)
    assert limit.samples == LEAST
    for _ in range(60):
        now = drawn(limit, 0.005, limit.samples, windows=1, now=now)
    assert limit.samples == 128


def test_samples_that_wait_inside_the_engine_lower_it() -> None:
    limit = AdaptiveLimit(128)
    now = 0.0
    for _ in range(10):
        now += 1.0
        for _ in range(ENOUGH):
            limit.first_token(1.0, 0.02, limit.samples, now)
    assert limit.samples < 30


def test_a_first_token_that_a_long_prompt_delays_does_not() -> None:
    limit = AdaptiveLimit(128)
    for now in range(100):
        limit.first_token(3.0, 1.0, 128, now)
    assert limit.samples == 128


def test_a_refusal_of_the_engine_lowers_it_at_once() -> None:
    limit = AdaptiveLimit(100)
    limit.dropped()
    assert limit.samples == 90


@given(
    st.none() | st.integers(1, 300),
    st.lists(
        st.tuples(
            st.floats(allow_nan=True, allow_infinity=True),
            st.integers(-5, 2000),
            st.floats(-10, 10),
            st.booleans(),
        ),
        max_size=60,
    ),
)
def test_whatever_is_observed_it_stays_within_its_bounds(
    capacity: int | None, seen: list[tuple[float, int, float, bool]]
) -> None:
    limit = AdaptiveLimit(capacity)
    now = 0.0
    for token_s, at_once, step, refused in seen:
        now += step
        limit.token(token_s, at_once, now)
        limit.first_token(token_s, step, at_once, now)
        if refused:
            limit.dropped()
        assert 1 <= limit.samples <= (MOST if capacity is None else capacity)
        assert limit.samples >= min(LEAST, capacity or LEAST)
