from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_sampling.planning import Outlook, Speed
from quorate_sampling.planning.planner import LEAST_THOUGHT_TOKENS, Allowed, least_thought
from tests.sampling.planning.situations import GPU, planned

GUESSED = Speed(0.3, 0.03)
NEVER_SEEN = Outlook(GUESSED, GUESSED, 0.6, measured=False)


def test_without_time_for_a_useful_thought_all_are_closed_from_the_start() -> None:
    tight = planned(0.5)
    assert tight.mode == "closed"
    assert tight.thinking_tokens == 0
    assert (tight.samples, tight.net, tight.closed) == (16, 0, 16)


def test_with_seconds_thoughts_race_a_net_of_closed_ones() -> None:
    raced = planned(3.5)
    assert raced.mode == "raced"
    assert (raced.samples, raced.net, raced.closed) == (14, 2, 2)
    assert 350 < raced.thinking_tokens < 430
    assert raced.waves == 1


def test_with_plenty_the_schedule_is_the_thriftiest() -> None:
    plenty = planned(120.0)
    assert plenty.mode == "thrifty"
    assert (plenty.samples, plenty.net, plenty.closed) == (3, 0, 0)


def test_with_time_for_two_waves_half_of_the_samples_are_started_at_once() -> None:
    two = planned(41.0)
    assert (two.mode, two.samples, two.waves) == ("thrifty", 8, 2)


def test_time_for_several_waves_of_closed_answers_starts_fewer_at_once() -> None:
    late = Speed(0.3, 0.008)
    quick = replace(GPU, likely=late, fast=late, closed_s=0.1)
    waves = planned(0.46, quick)
    assert waves.mode == "closed"
    assert waves.samples < 16
    assert waves.waves >= 3


def test_a_model_of_short_thoughts_thinks_where_one_of_long_thoughts_does_not() -> None:
    short = replace(GPU, sample_s=0.9, sample_tokens=40.0, short_sample_tokens=10.0)
    assert planned(0.5, short).mode == "raced"
    assert planned(0.5, GPU).mode == "closed"
    any_model = Allowed(closing=True)
    assert least_thought(short, any_model) == 5
    assert least_thought(GPU, any_model) == LEAST_THOUGHT_TOKENS
    assert least_thought(NEVER_SEEN, any_model) == LEAST_THOUGHT_TOKENS


def test_a_thought_that_is_worth_nothing_cut_is_begun_only_where_it_may_end() -> None:
    seldom = replace(GPU, short_sample_tokens=100.0)
    often = replace(GPU, short_sample_tokens=60.0)
    assert planned(1.0, seldom).mode == planned(1.0, often).mode == "raced"
    assert planned(1.0, seldom, cut_thoughts="worthless").mode == "closed"
    assert planned(1.0, often, cut_thoughts="worthless").mode == "raced"
    assert planned(1.0, NEVER_SEEN, cut_thoughts="worthless").mode == "raced"


def test_a_thought_that_cannot_be_closed_is_never_closed() -> None:
    assert planned(0.5, closing=False).mode == "raced"


def test_nothing_is_closed_from_the_start_on_a_guess() -> None:
    assert planned(0.5, NEVER_SEEN).mode == "raced"


def test_an_engine_that_may_be_fast_enough_is_given_the_chance() -> None:
    unsteady = replace(GPU, likely=Speed(0.2, 0.5), fast=Speed(0.04, 0.01))
    assert planned(1.5, unsteady).mode == "raced"
    assert planned(1.5, unsteady).thinking_tokens < LEAST_THOUGHT_TOKENS
    assert planned(1.5, replace(unsteady, fast=unsteady.likely)).mode == "closed"


def test_a_group_of_few_has_no_net() -> None:
    assert planned(3.5, max_samples=3).net == 0
    assert planned(3.5, max_samples=4).net == 1
    assert planned(3.5, max_samples=4).samples == 3


def test_there_is_no_net_where_the_engine_would_only_queue_it() -> None:
    assert (planned(3.5, free_slots=6).samples, planned(3.5, free_slots=6).net) == (5, 1)
    assert (planned(3.5, free_slots=16).samples, planned(3.5, free_slots=16).net) == (14, 2)
    assert (planned(3.5, free_slots=2).samples, planned(3.5, free_slots=2).net) == (2, 0)
    assert (planned(3.5, free_slots=0).samples, planned(3.5, free_slots=0).net) == (1, 0)


def test_there_is_no_net_where_tokens_are_limited() -> None:
    assert planned(3.5, tokens_left=1e6, sample_tokens=100.0).net == 0


def test_a_drawing_that_began_closed_stays_closed() -> None:
    first = planned(0.5)
    quick = Speed(0.04, 0.0001)
    later = planned(0.5, replace(GPU, likely=quick, fast=quick), started=8, before=first)
    assert later.mode == "closed"


def test_a_drawing_that_thinks_starts_nothing_more_without_time_to_think() -> None:
    first = planned(3.5)
    late = planned(3.5, at=3.0, started=10, in_flight=0, before=first)
    assert (late.mode, late.samples, late.net) == ("raced", 0, 0)
    assert "least" in late.why


def test_samples_that_do_not_vote_have_a_net_each_where_there_is_hardly_time_to_think() -> None:
    unsteady = replace(GPU, likely=Speed(0.2, 0.05), fast=Speed(0.04, 0.01))
    tight = planned(1.0, unsteady, needed=2, max_samples=2, votes=False)
    assert (tight.mode, tight.samples, tight.net) == ("raced", 2, 2)
    assert planned(1.0, unsteady, needed=2, max_samples=2, votes=False, free_slots=3).net == 0
    assert planned(3.5, GPU, needed=2, max_samples=2, votes=False).net == 0
    assert planned(1.0, unsteady, needed=2, max_samples=2, votes=False, closing=False).net == 0


def test_the_net_is_spread_once() -> None:
    first = planned(3.5)
    again = planned(3.5, at=0.5, started=4, in_flight=1, before=first)
    assert again.net == 0


@pytest.mark.parametrize("budget_s", [0.0, 0.01, 0.05, -3.0])
def test_a_budget_that_is_used_up_plans_for_the_samples_that_are_needed_at_least(
    budget_s: float,
) -> None:
    hopeless = planned(budget_s)
    assert hopeless.thinking_tokens == 0
    assert hopeless.samples <= 16


speed = st.builds(Speed, st.floats(0, 100), st.floats(0, 10))
speeds = st.builds(
    Outlook,
    likely=speed,
    fast=speed,
    closed_s=st.floats(0, 100),
    sample_s=st.none() | st.floats(0, 1e4),
    sample_tokens=st.none() | st.floats(0, 1e6),
    measured=st.booleans(),
)


@given(
    st.floats(-10, 1e5),
    speeds,
    st.integers(1, 300),
    st.integers(1, 256),
    st.integers(0, 256),
    st.none() | st.integers(0, 300),
    st.none() | st.floats(0, 1e7),
)
def test_no_plan_draws_more_than_there_may_be(
    budget_s, ahead, needed, most, started, slots, tokens
) -> None:
    started = min(started, most)
    made = planned(
        budget_s,
        ahead,
        needed=needed,
        max_samples=most,
        started=started,
        free_slots=slots,
        tokens_left=tokens,
    )
    assert 0 <= made.samples + made.net <= most - started  # of a group, which votes
    assert 0 <= made.closed <= made.samples + made.net
    assert made.thinking_tokens >= 0
    assert 0 <= made.waves <= most
    assert made.close_at <= made.end_at
    assert (made.waves == 0) == (made.samples == 0)


@given(speeds, st.floats(0.1, 50), st.floats(0.1, 50))
def test_more_time_never_means_less_thought(ahead, budget_s, more_s) -> None:
    less, more = planned(budget_s, ahead), planned(budget_s + more_s, ahead)
    order = ["closed", "raced", "thrifty"]
    assert order.index(less.mode) <= order.index(more.mode)
    assert less.thinking_tokens <= more.thinking_tokens
