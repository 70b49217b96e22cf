from dataclasses import replace

from quorate_sampling.planning import Course
from tests.sampling.planning.situations import GPU, planned


def test_a_course_counts_what_was_started_and_what_of_it_was_closed() -> None:
    course = Course()
    first = planned(3.5)
    course.take(0.0, first)
    course.take(1.0, replace(first, samples=1, net=0))
    assert (course.started, course.closed, course.replanned) == (17, 2, 0)
    assert course.first is first


def test_a_closing_time_that_moves_is_a_new_plan_unless_it_hardly_does() -> None:
    course = Course()
    first = planned(3.5)
    course.take(0.0, first)
    course.take(0.5, first.moved(first.close_at - 0.1))
    assert course.replanned == 0
    course.take(0.6, first.moved(first.close_at - 0.4))
    assert course.replanned == 1
    assert course.last is not None
    assert (course.last.samples, course.last.waves) == (0, 0)


def test_another_mode_is_a_new_plan() -> None:
    course = Course()
    course.take(0.0, planned(120.0))
    course.take(1.0, planned(120.0, replace(GPU, sample_s=500.0)))
    assert [step.plan.mode for step in course.steps] == ["thrifty", "raced"]


def test_without_a_plan_there_is_no_course() -> None:
    assert Course().first is None
    assert Course().last is None
    assert Course().replanned == 0
