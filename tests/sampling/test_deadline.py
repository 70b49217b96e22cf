from quorate_sampling.deadline import Deadline
from quorate_sampling.pace import Pace, quantile
from quorate_sampling.timetable import TAIL_S, timetable


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
    pace = Pace()
    pace.first_token.extend([0.1] * 20)
    pace.token.extend([0.01] * 20)
    plan = timetable(at(100.0), pace, answer_tokens=30)
    assert plan.end_at == 103.5 - TAIL_S
    assert abs(plan.end_at - plan.close_at - (0.1 + 30 * 0.01)) < 1e-9


def test_a_closing_that_lately_took_longer_is_given_longer() -> None:
    pace = Pace()
    pace.first_token.append(0.1)
    pace.token.append(0.001)
    pace.closing.extend([0.9] * 20)
    plan = timetable(at(100.0), pace, answer_tokens=30)
    assert abs(plan.end_at - plan.close_at - 0.9) < 1e-9


def test_a_closing_takes_at_most_half_of_what_remains() -> None:
    pace = Pace()
    pace.closing.extend([60.0] * 20)
    plan = timetable(at(100.0), pace, answer_tokens=30)
    assert abs(plan.close_at - (100.0 + (3.5 - TAIL_S) / 2)) < 1e-9


def test_a_deadline_that_has_passed_plans_nothing_in_the_future() -> None:
    plan = timetable(at(200.0), Pace(), answer_tokens=30)
    assert plan.close_at == plan.end_at < 200.0


def test_a_quantile_is_a_value_that_was_seen() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile(range(100), 0.95) == 95
    assert quantile([1.0], 0.95) == 1.0


def test_the_pace_forgets_what_is_long_ago() -> None:
    pace = Pace()
    pace.token.extend([9.0] * 1000)
    pace.token.extend([0.01] * 256)
    assert pace.token_s() == 0.01
    assert Pace().shortest_answer_s() == 0.0
    assert Pace().sample_s() is None
