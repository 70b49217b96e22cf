from quorate_sampling.deadline import Deadline
from quorate_sampling.pace import Pace
from quorate_sampling.timetable import TAIL_S, timetable
from tests.sampling.paced import paced


def at(now: float) -> Deadline:
    return Deadline.after(3.5, started_at=100.0, clock=lambda: now)


def test_a_deadline_counts_from_the_requests_first_byte() -> None:
    deadline = at(101.0)
    assert deadline.at == 103.5
    assert deadline.remaining_s() == 2.5
    assert deadline.elapsed_s() == 1.0
    assert deadline.less(0.5).remaining_s() == 2.0
    assert deadline.less(0.5).started_at == 100.0
    assert at(104.0).remaining_s() == -0.5


def test_the_closing_is_planned_from_the_engines_pace() -> None:
    pace = paced(first_token_s=0.1, token_s=0.01)
    plan = timetable(at(100.0), pace, answer_tokens=30)
    assert plan.end_at == 103.5 - TAIL_S
    assert abs(plan.end_at - plan.close_at - (0.1 + 30 * 0.01)) < 0.02


def test_a_closing_that_lately_took_longer_is_given_longer() -> None:
    pace = paced(first_token_s=0.1, token_s=0.001, closing_s=0.9)
    plan = timetable(at(100.0), pace, answer_tokens=30)
    assert abs(plan.end_at - plan.close_at - 0.9) < 0.02


def test_a_closing_takes_at_most_half_of_what_remains() -> None:
    pace = paced(closing_s=60.0)
    plan = timetable(at(100.0), pace, answer_tokens=30)
    assert abs(plan.close_at - (100.0 + (3.5 - TAIL_S) / 2)) < 1e-9


def test_a_deadline_that_has_passed_plans_nothing_in_the_future() -> None:
    plan = timetable(at(200.0), Pace(), answer_tokens=30)
    assert plan.close_at == plan.end_at < 200.0
