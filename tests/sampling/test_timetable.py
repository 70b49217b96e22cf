from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_sampling.deadline import Deadline
from quorate_sampling.pace import Pace
from quorate_sampling.timetable import (
    LEAST_TAIL_S,
    TAIL_S,
    Timetable,
    at_pace,
    tail_s,
    time_for_others,
    timetable,
)
from tests.sampling.paced import paced


def deadline(budget_s: float) -> Deadline:
    return Deadline(0.0, budget_s, lambda: 0.0)


def test_a_timetable_keeps_free_what_a_closing_is_predicted_to_take() -> None:
    pace = paced(first_token_s=0.04, token_s=0.008, closing_s=0.1)
    table = timetable(deadline(3.5), pace, 16)
    assert table.end_at == 3.5 - TAIL_S
    assert table.close_at == pytest.approx(table.end_at - pace.closing_s(16))
    assert table.answer_tokens == 16


def test_longer_answers_are_closed_earlier() -> None:
    pace = paced(first_token_s=0.04, token_s=0.008, closing_s=0.1)
    assert timetable(deadline(3.5), pace, 64).close_at < timetable(deadline(3.5), pace, 16).close_at


def test_a_closing_takes_half_of_the_time_at_most() -> None:
    table = timetable(deadline(1.0), paced(first_token_s=5.0, token_s=1.0), 16)
    assert table.close_at == pytest.approx(table.end_at / 2)


def test_an_engine_that_gets_slower_is_closed_earlier_and_one_that_recovers_later() -> None:
    pace = paced(first_token_s=0.04, token_s=0.008, closing_s=0.1)
    table = timetable(deadline(8.0), pace, 16)
    for _ in range(200):
        pace.closed(1.5, whole=True)
    slower = at_pace(table, pace)
    assert slower.close_at < table.close_at - 0.5
    for _ in range(2000):
        pace.closed(0.1, whole=True)
    assert at_pace(slower, pace).close_at > slower.close_at + 0.5


def test_closing_is_not_put_off_on_an_engine_that_was_never_seen_to_close() -> None:
    guessed = timetable(deadline(8.0), Pace(), 16)
    quick = paced(first_token_s=0.001, token_s=0.0001)
    assert at_pace(guessed, quick).close_at == guessed.close_at
    quick.closed(0.01, whole=True)
    assert at_pace(guessed, quick).close_at > guessed.close_at


def test_an_answer_that_others_wait_for_is_closed_for_earlier_and_may_still_come_later() -> None:
    pace = paced(first_token_s=0.04, token_s=0.008, closing_s=0.1)
    alone = timetable(deadline(3.5), pace, 16)
    hurried = timetable(deadline(3.5), pace, 16, answer_by=1.0)
    assert hurried.end_at == alone.end_at
    assert hurried.answer_by == 1.0
    assert hurried.close_at == pytest.approx(1.0 - pace.closing_s(16))
    assert at_pace(hurried, pace).close_at == pytest.approx(hurried.close_at)
    assert timetable(deadline(3.5), pace, 16, answer_by=99.0).close_at == alone.close_at


def test_thoughts_may_go_on_to_the_end_unless_others_wait_or_the_closing_time_is_fixed() -> None:
    pace = paced(closing_s=0.1)
    assert timetable(deadline(3.5), pace, 16).to_the_end
    assert timetable(deadline(3.5), pace, 16, answer_by=99.0).to_the_end
    assert not timetable(deadline(3.5), pace, 16, answer_by=3.0).to_the_end
    assert not Timetable(deadline(1.0), 0.2, 0.9).to_the_end


def test_a_timetable_without_a_reserve_is_fixed() -> None:
    fixed = Timetable(deadline(1.0), 0.2, 0.9)
    assert at_pace(fixed, paced(closing_s=0.01)) is fixed
    assert fixed.answer_tokens == 0


def test_short_budgets_have_a_short_tail() -> None:
    assert tail_s(10.0) == TAIL_S
    assert tail_s(0.3) == pytest.approx(0.03)
    assert tail_s(0.05) == LEAST_TAIL_S


def test_others_may_take_until_the_next_point_of_the_timetable() -> None:
    now = [0.0]
    left = time_for_others(Timetable(deadline(1.0), 0.4, 0.9), lambda: now[0])
    assert left() == pytest.approx(0.4)
    now[0] = 0.5
    assert left() == pytest.approx(0.4)
    now[0] = 1.5
    assert left() == 0.0
    assert time_for_others(None, lambda: 0.0)() == inf


@given(
    st.floats(-10, 1e5),
    st.floats(0, 100),
    st.floats(0, 10),
    st.integers(0, 10_000),
    st.floats(0, 10),
)
def test_the_points_are_in_order_whatever_the_engine_does(
    budget_s, first_s, token_s, tokens, answer_by
) -> None:
    pace = paced(first_token_s=first_s, token_s=token_s, times=2)
    table = timetable(deadline(budget_s), pace, tokens, answer_by=answer_by)
    moved = at_pace(table, pace)
    assert moved.close_at <= moved.end_at < moved.deadline.at
    assert table.close_at <= table.end_at
