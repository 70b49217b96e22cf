"""The pace as callers see it: predictions that follow the engine, and the load they count."""

import json
from math import inf, isfinite, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_sampling.pace import Pace
from quorate_sampling.pacing import Conditions
from tests.sampling.paced import TurnedClock, paced, watch

COUNTS = st.integers(0, 100_000)


def test_guesses_are_cautious_before_anything_was_seen() -> None:
    pace = Pace()
    assert pace.first_token_s() == pytest.approx(0.3, abs=0.01)
    assert pace.token_s() == pytest.approx(0.03, abs=0.001)
    assert pace.shortest_answer_s() == 0.0
    assert pace.sample_s() is None
    assert pace.sample_tokens() is None


def test_a_steady_engine_is_predicted_as_it_is() -> None:
    pace = paced(first_token_s=0.1, token_s=0.01, tokens=100)
    assert pace.first_token_s() == pytest.approx(0.1, rel=0.05)
    assert pace.token_s() == pytest.approx(0.01, rel=0.05)
    assert pace.sample_tokens() == 100
    assert pace.sample_s() == pytest.approx(0.1 + 100 * 0.01, rel=0.05)


def test_the_pace_forgets_what_is_long_ago() -> None:
    pace, clock = Pace(), TurnedClock()
    for _ in range(1000):
        watch(pace, clock, 30.0, 9.0)
    for _ in range(300):
        watch(pace, clock, 0.1, 0.01)
    assert pace.token_s() == pytest.approx(0.01, rel=0.1)
    assert pace.first_token_s() == pytest.approx(0.1, rel=0.1)


def test_an_engine_that_became_slower_for_good_is_believed() -> None:
    pace, clock = Pace(), TurnedClock()
    for _ in range(300):
        watch(pace, clock, 0.1, 0.01)
    for _ in range(100):
        watch(pace, clock, 1.0, 0.1)
    assert pace.first_token_s() >= 1.0
    assert pace.token_s() >= 0.1


def test_one_stall_does_not_make_an_engine_slow() -> None:
    pace, clock = Pace(), TurnedClock()
    for _ in range(100):
        watch(pace, clock, 0.1, 0.01)
    stalled = [pace.sent(3, clock=clock) for _ in range(8)]
    clock.now += 30.0
    for timing in stalled:
        timing.first_token()
        timing.ended(1)
    for _ in range(10):
        watch(pace, clock, 0.1, 0.01)
    assert pace.first_token_s(0.5) < 0.2
    assert pace.first_token_s() < 1.0


def test_the_load_is_what_was_sent_and_has_not_ended() -> None:
    pace, clock = Pace(), TurnedClock()
    first, second = pace.sent(1000, clock=clock), pace.sent(500, new_tokens=100, clock=clock)
    assert pace.conditions(7, 3) == Conditions(7, 3, running=0, waiting=2, waiting_tokens=1100)
    first.first_token()
    assert pace.conditions(more=2) == Conditions(running=1, waiting=3, waiting_tokens=100)
    second.ended(0)
    first.ended(9)
    first.ended(9)
    first.first_token()
    assert pace.conditions() == Conditions()


def test_requests_that_are_passed_on_are_part_of_the_load() -> None:
    pace, clock = Pace(), TurnedClock()
    whole = pace.passing(3, streamed=False, clock=clock)
    timed = pace.passing(streamed=True, clock=clock)
    too_soon = pace.passing(streamed=True, clock=clock)
    assert (pace.running, pace.waiting) == (4, 1)
    timed.first_token()
    for request in (whole, timed, too_soon):
        request.ended(10)
        request.ended(10)
    assert (pace.running, pace.waiting) == (0, 0)


def test_streams_that_are_passed_on_are_learnt_from_now_and_then() -> None:
    pace, clock = Pace(), TurnedClock()
    for _ in range(20):
        several = [pace.passing(streamed=True, clock=clock) for _ in range(10)]
        clock.now += 0.07
        for request in several:
            request.first_token()
        clock.now += 1.0
        for request in several:
            request.ended(51, 30)
    assert pace.accuracy["token"].count == 20
    assert pace.token_s(0.5) == pytest.approx(0.02, rel=0.05)
    assert pace.first_token_s(0.5) == pytest.approx(0.07, rel=0.05)


def test_more_load_and_longer_prompts_are_learnt_to_take_longer() -> None:
    pace, clock = Pace(), TurnedClock()
    for round_ in range(200):
        beside = [pace.sent(100, clock=clock) for _ in range(round_ % 8)]
        for timing in beside:
            timing.first_token()
        prompt = 500 * (1 + round_ % 5)
        watch(pace, clock, 0.05 + prompt * 1e-4, 0.01 + 0.002 * len(beside), 50, prompt)
        for timing in beside:
            timing.ended(1)
    short, long = Conditions(500), Conditions(2500)
    assert pace.first_token_s(0.5, short) == pytest.approx(0.10, rel=0.1)
    assert pace.first_token_s(0.5, long) == pytest.approx(0.30, rel=0.1)
    assert pace.token_s(0.5, Conditions(running=7)) == pytest.approx(0.024, rel=0.15)
    assert pace.token_s(0.5, Conditions(running=1)) == pytest.approx(0.012, rel=0.15)


def test_a_prompt_in_the_cache_is_learnt_to_be_quick() -> None:
    pace, clock = Pace(), TurnedClock()
    for round_ in range(100):
        cached = 4000 * (round_ % 2)
        timing = pace.sent(4000, new_tokens=4000 - cached, clock=clock)
        clock.now += 0.02 + (4000 - cached) * 1e-4
        timing.first_token()
        timing.ended(1)
    assert pace.first_token_s(0.5, Conditions(4000)) == pytest.approx(0.42, rel=0.1)
    assert pace.first_token_s(0.5, Conditions(4000, 4000)) < 0.1
    assert pace.closing_s(0, Conditions(4000)) < 0.2


def test_a_prompts_length_may_be_told_late_or_never() -> None:
    pace, clock = Pace(), TurnedClock()
    for at_end in (True, False) * 100:
        prompt = 4000 if at_end else 100
        timing = pace.sent(clock=clock)
        clock.now += prompt * 1e-4
        timing.first_token(None if at_end else prompt)
        timing.ended(1, prompt if at_end else None)
    assert pace.first_token_s(0.5, Conditions(4000)) == pytest.approx(0.4, rel=0.1)
    untold = pace.sent(clock=clock)
    clock.now += 0.2
    untold.first_token()
    untold.ended(1)
    assert pace.first_token_s(0.5, Conditions(4000)) == pytest.approx(0.4, rel=0.1)


def test_a_wait_that_was_given_up_tells_how_long_it_took_at_least() -> None:
    given_up, met = paced(), paced()
    for pace, seconds in ((given_up, 5.0), (met, 0.01)):
        for _ in range(20):
            clock = TurnedClock()
            timing = pace.sent(3, clock=clock)
            clock.now = seconds
            timing.ended(0)
    assert given_up.first_token_s() > 1.0
    assert met.first_token_s() == pytest.approx(0.1, rel=0.05)


def test_closings_that_took_longer_than_predicted_are_given_longer() -> None:
    pace = paced(closing_s=0.9)
    assert pace.closing_s(10) == pytest.approx(0.9, rel=0.05)
    assert pace.shortest_answer_s() == 0.9
    pace.closed(0.2, whole=False)
    assert pace.shortest_answer_s() == 0.9
    assert pace.closing_s(10) == pytest.approx(0.9, rel=0.05)


def test_the_fastest_closing_fades_as_a_quiet_engine_gets_slower() -> None:
    pace, quiet, busy = paced(closing_s=0.1), Conditions(3), Conditions(3, running=200)
    for _ in range(3):
        pace.closed(0.5, whole=True, under=quiet)
    assert pace.shortest_answer_s() == pytest.approx(0.1, rel=0.02)
    for _ in range(2000):
        pace.closed(0.5, whole=True, under=busy)
    assert pace.shortest_answer_s() == pytest.approx(0.1, rel=0.02)
    for _ in range(2000):
        pace.closed(0.5, whole=True, under=quiet)
    assert pace.shortest_answer_s() == 0.5


@pytest.mark.parametrize("seconds", [0.0, -5.0, nan, inf])
def test_a_clock_that_jumps_harms_nothing(seconds: float) -> None:
    pace, clock = paced(closing_s=0.3), TurnedClock()
    for _ in range(30):
        timing = pace.sent(3, clock=clock)
        clock.now += seconds
        timing.first_token()
        clock.now += seconds
        timing.ended(50, whole=True)
        clock.now = 0.0
        pace.closed(seconds, whole=True)
    for q in (0.5, 0.95):
        assert 0 < pace.first_token_s(q) < inf
        assert 0 < pace.token_s(q) < inf
        assert 0 < pace.closing_s(20) < inf
    assert (pace.running, pace.waiting) == (0, 0)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 100), st.floats(0, 2), st.integers(0, 2000), COUNTS, st.integers(0, 9)
        ),
        max_size=40,
    ),
    st.tuples(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS),
    st.tuples(COUNTS, st.just(0), COUNTS, COUNTS, COUNTS),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_predictions_are_positive_and_never_less_for_more(seen, some, added, low, high) -> None:
    pace, clock = Pace(), TurnedClock()
    for first_s, token_s, tokens, prompt, beside in seen:
        others = [pace.sent(prompt, clock=clock) for _ in range(beside)]
        watch(pace, clock, first_s, token_s, tokens + 1, prompt)
        for other in others:
            other.first_token()
            other.ended(tokens)
        pace.closed(first_s + token_s, whole=bool(beside))
    less = Conditions(*some)
    more = Conditions(*(a + b for a, b in zip(some, added, strict=True)))
    for predict in (
        pace.first_token_s,
        pace.token_s,
        lambda q, under: pace.closing_s(8, under),
    ):
        a, b = predict(low, less), predict(low, more)
        assert isfinite(b)
        assert 0 < a <= b * (1 + 1e-9)
        smaller, larger = sorted((low, high))
        assert predict(smaller, less) <= predict(larger, less) * (1 + 1e-9)


def test_what_was_learnt_is_kept_as_json_and_fades() -> None:
    pace = paced(first_token_s=0.2, token_s=0.02, tokens=50, closing_s=0.4)
    again = Pace.restored(json.loads(json.dumps(pace.state())))
    for q in (0.5, 0.95):
        assert again.first_token_s(q) == pytest.approx(pace.first_token_s(q), rel=0.05)
        assert again.token_s(q) == pytest.approx(pace.token_s(q), rel=0.05)
    assert again.sample_tokens() == 50
    assert again.shortest_answer_s() == 0.0
    clock = TurnedClock()
    for _ in range(30):
        watch(again, clock, 0.05, 0.005)
    assert again.first_token_s() == pytest.approx(0.05, rel=0.2)
    assert again.token_s() == pytest.approx(0.005, rel=0.2)


def test_a_pace_that_has_seen_nothing_can_be_kept_too() -> None:
    assert Pace.restored(Pace().state()).first_token_s() == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: state.clear(),
        lambda state: state.update(version=0),
        lambda state: state["first_token"]["regression"].update(costs=[1.0]),
        lambda state: state["first_token"]["regression"].update(costs=[-1.0] * 6),
        lambda state: state["token"]["regression"]["squares"].pop(),
        lambda state: state["token"]["spread"].update(errors=[]),
        lambda state: state["token"]["spread"].update(level=nan),
        lambda state: state["token"].update(spread=None),
        lambda state: state.update(sample_tokens=["many"]),
        lambda state: state.update(usual_prompt=inf),
    ],
)
def test_a_state_that_is_none_is_refused(spoil) -> None:
    state = paced().state()
    spoil(state)
    with pytest.raises((KeyError, TypeError, ValueError)):
        Pace.restored(state)
