from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from quorate_sampling.scheduler import Situation, samples_to_start

IDLE = Situation(in_flight=0, started=0, max_samples=16)


def test_without_a_deadline_as_many_are_started_as_the_rule_needs() -> None:
    assert samples_to_start(3, IDLE) == 3
    assert samples_to_start(3, replace(IDLE, in_flight=2, started=2)) == 1
    assert samples_to_start(3, replace(IDLE, in_flight=5, started=5)) == 0


def test_with_time_to_spare_a_deadline_changes_nothing() -> None:
    assert samples_to_start(3, replace(IDLE, seconds_left=40.0, sample_seconds=10.0)) == 3


def test_with_time_for_one_round_all_are_started_at_once() -> None:
    assert samples_to_start(3, replace(IDLE, seconds_left=12.0, sample_seconds=10.0)) == 14
    assert samples_to_start(3, replace(IDLE, seconds_left=5.0, sample_seconds=10.0)) == 16


def test_too_late_for_another_whole_sample_no_more_are_started_than_needed() -> None:
    late = replace(IDLE, seconds_left=5.0, sample_seconds=10.0, started=4)
    assert samples_to_start(3, late) == 3


def test_with_time_for_two_rounds_half_of_them_are() -> None:
    assert samples_to_start(3, replace(IDLE, seconds_left=20.0, sample_seconds=10.0)) == 8


def test_before_anything_is_known_of_the_engine_a_deadline_draws_wide() -> None:
    assert samples_to_start(3, replace(IDLE, seconds_left=60.0)) == 16


def test_what_the_engine_would_only_queue_is_not_started() -> None:
    hurried = replace(IDLE, seconds_left=5.0, sample_seconds=10.0)
    assert samples_to_start(3, replace(hurried, free_slots=6)) == 6
    assert samples_to_start(3, replace(hurried, free_slots=2)) == 2
    assert samples_to_start(3, replace(IDLE, free_slots=2)) == 2


def test_with_no_slot_free_one_sample_is_enough_to_go_on_with() -> None:
    assert samples_to_start(3, replace(IDLE, free_slots=0)) == 1
    assert samples_to_start(3, replace(IDLE, free_slots=0, in_flight=1, started=1)) == 0


def test_the_cost_limit_holds_whatever_is_needed() -> None:
    assert samples_to_start(3, replace(IDLE, tokens_left=250.0, sample_tokens=100.0)) == 2
    assert samples_to_start(3, replace(IDLE, tokens_left=99.0, sample_tokens=100.0)) == 0
    assert samples_to_start(3, replace(IDLE, tokens_left=0.0)) == 0


def test_the_first_sample_is_started_to_learn_what_one_costs() -> None:
    assert samples_to_start(3, replace(IDLE, tokens_left=5.0)) == 1
    assert samples_to_start(3, replace(IDLE, tokens_left=5.0, in_flight=1, started=1)) == 0


@given(
    st.integers(1, 300),
    st.integers(0, 40),
    st.integers(0, 40),
    st.none() | st.floats(0, 100),
    st.none() | st.floats(0, 100),
    st.none() | st.integers(0, 50),
    st.none() | st.floats(-100, 1e6),
    st.none() | st.floats(0, 1e4),
)
def test_never_more_than_are_left(
    needed, in_flight, extra, seconds, sample_s, slots, tokens, sample_tokens
) -> None:
    now = Situation(
        in_flight, min(40, in_flight + extra), 40, seconds, sample_s, slots, tokens, sample_tokens
    )
    assert 0 <= samples_to_start(needed, now) <= 40 - now.started
