from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from quorate_server.admission.schedule import Task, ends, in_vain, late_s, slack_s

times = st.floats(0, 100, allow_nan=False)
tasks = st.lists(st.builds(Task, st.integers(1, 6), st.floats(0, 10), times), max_size=8)
slots = st.lists(times, min_size=1, max_size=6)


def test_slots_are_given_out_as_they_become_free() -> None:
    one = Task(1, 2.0)
    assert ends([0.0, 1.0], [one, one, one]) == [2.0, 3.0, 4.0]


def test_who_needs_several_slots_waits_for_all_of_them_and_is_not_overtaken() -> None:
    assert ends([0.0, 5.0], [Task(2, 1.0), Task(1, 1.0)]) == [6.0, 7.0]


def test_who_wants_more_slots_than_there_are_gets_all() -> None:
    assert ends([1.0, 2.0], [Task(9, 1.0)]) == [3.0]


def test_a_newcomer_is_late_by_what_it_misses_its_end_by() -> None:
    assert late_s([3.0], [], Task(1, 1.0, 3.5), []) == 0.5
    assert late_s([3.0], [], Task(1, 1.0, 4.0), []) == 0.0


def test_a_newcomer_answers_for_whom_it_makes_late() -> None:
    behind = Task(1, 1.0, 2.0)
    assert late_s([0.0], [], Task(1, 1.5, 1.6), [behind]) == 0.5


def test_nobody_answers_for_who_is_late_anyway() -> None:
    assert late_s([0.0], [], Task(1, 0.5, 1.0), [Task(1, 5.0, 2.0)]) == 0.0


def test_who_waits_in_vain_takes_no_slot_from_those_behind_it() -> None:
    wait = [Task(1, 2.0), Task(2, 9.0), Task(1, 1.0)]
    assert in_vain([0.0, 1.0], wait, [0.0, 1.5, 1.0]) == [1]
    assert in_vain([0.0, 1.0], wait, [0.0, 2.0, 11.0]) == []
    assert in_vain([3.0], wait, [0.0, 0.0, 0.0]) == [0, 1, 2]


@given(slots, tasks)
def test_nobody_waits_in_vain_who_begins_in_time(free_at: list[float], waiting: list[Task]) -> None:
    begins = [e - t.seconds + 1e-6 for e, t in zip(ends(free_at, waiting), waiting, strict=True)]
    assert in_vain(free_at, waiting, begins) == []


def test_slack_is_what_the_tightest_task_can_spare() -> None:
    assert slack_s([0.0, 0.0], [Task(1, 1.0, 4.0), Task(1, 1.0, 1.25), Task(1, 1.0)]) == 0.25


@given(slots, tasks)
def test_nobody_begins_before_a_slot_is_free_nor_before_who_came_first(
    free_at: list[float], waiting: list[Task]
) -> None:
    begins = [e - t.seconds for e, t in zip(ends(free_at, waiting), waiting, strict=True)]
    assert all(begin >= min(free_at) - 1e-6 for begin in begins)
    assert all(a <= b + 1e-6 for a, b in pairwise(begins))


@given(slots, tasks, st.floats(0, 50))
def test_later_slots_make_everybody_later_by_no_more(
    free_at: list[float], waiting: list[Task], delay: float
) -> None:
    before, after = ends(free_at, waiting), ends([at + delay for at in free_at], waiting)
    assert all(b <= a <= b + delay + 1e-6 for b, a in zip(before, after, strict=True))


@given(slots, tasks, st.builds(Task, st.integers(1, 6), st.floats(0, 10), times), tasks)
def test_who_is_let_in_makes_nobody_late_who_was_not(
    free_at: list[float], before: list[Task], newcomer: Task, behind: list[Task]
) -> None:
    if late_s(free_at, before, newcomer, behind) > 0.0:
        return
    with_it = ends(free_at, [*before, newcomer, *behind])[len(before) + 1 :]
    without = ends(free_at, [*before, *behind])[len(before) :]
    for task, end, earlier in zip(behind, with_it, without, strict=True):
        assert end <= task.end_by or earlier > task.end_by
