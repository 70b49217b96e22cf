"""The margin by which callers leave before their deadlines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.crowd import LEARNED_FROM, LEAST_EACH_S, MOST_EACH_S, MOST_SHARE, Crowd
from quorate.deadline import Deadline
from quorate.traffic import Traffic


def crowd_of(callers: int) -> Crowd:
    crowd = Crowd()
    for _ in range(callers):
        crowd.join()
    return crowd


def test_a_caller_alone_has_the_whole_of_its_time():
    limit = Deadline.after(1)
    assert crowd_of(1).margin_s(limit) == 0
    assert Crowd().margin_s(limit) == 0


def test_each_of_the_others_takes_a_little():
    assert crowd_of(101).margin_s(Deadline.after(1)) == pytest.approx(100 * LEAST_EACH_S)


def test_who_has_left_takes_nothing():
    crowd = crowd_of(101)
    for _ in range(100):
        crowd.leave()
    assert crowd.margin_s(Deadline.after(1)) == 0


@given(st.integers(0, 5000), st.floats(allow_nan=False), st.lists(st.floats(-10, 10), max_size=20))
def test_a_margin_is_never_more_than_its_share(
    callers: int, budget_s: float, seen: list[float]
) -> None:
    crowd = crowd_of(callers)
    for late_s in seen:
        crowd.late(late_s)
    margin_s = crowd.margin_s(Deadline.after(budget_s))
    assert 0 <= margin_s <= MOST_SHARE * max(0.0, budget_s)
    assert margin_s <= callers * MOST_EACH_S


def test_callers_that_were_late_widen_it_and_it_narrows_again():
    crowd = crowd_of(100)
    limit = Deadline.after(10)
    for _ in range(50):
        crowd.late(0.05)
    assert crowd.margin_s(limit) == pytest.approx(99 * 0.0005, rel=0.01)
    for _ in range(100):
        crowd.late(0.001)
    assert crowd.margin_s(limit) == pytest.approx(99 * LEAST_EACH_S, rel=0.01)


def test_a_few_that_were_late_teach_nothing():
    crowd = crowd_of(LEARNED_FROM - 1)
    for _ in range(50):
        crowd.late(1.0)
    assert crowd.margin_s(Deadline.after(10)) <= LEARNED_FROM * LEAST_EACH_S


def test_a_caller_asks_again_before_the_longest_margin_and_leaves_at_its_own():
    crowd = crowd_of(1)
    far = Deadline.after(100)
    assert crowd.wait_s(far) == pytest.approx(100 * (1 - MOST_SHARE), abs=1)
    near = Deadline(far.at - 99, 100.0)
    assert crowd.wait_s(near) == pytest.approx(1, abs=0.5)
    for _ in range(20_000):
        crowd.join()
    assert crowd.wait_s(near) < 0


@pytest.mark.parametrize("budget_s", [float("inf"), float("-inf"), 0.0, -1.0])
def test_no_deadline_is_too_far_or_too_near(budget_s: float) -> None:
    limit = Deadline.after(budget_s)
    assert (crowd_of(1000).wait_s(limit) > 0) == (budget_s > 0)


def test_a_forked_child_has_none_of_its_parents_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    traffic = Traffic("http://127.0.0.1/v1")
    parents = traffic.crowd
    assert traffic.crowd is parents
    monkeypatch.setattr("quorate.traffic.os.getpid", lambda: -1)
    assert traffic.crowd is not parents
    assert traffic.crowd is traffic.crowd
