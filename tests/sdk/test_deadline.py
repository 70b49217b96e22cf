"""Deadlines and the scopes that nest."""

import asyncio
import contextvars
import math
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate import Deadline, current_deadline, deadline
from quorate.deadline import as_deadline, earliest


def test_outside_any_scope_there_is_none():
    assert current_deadline() is None


def test_a_scope_says_how_much_there_is_and_takes_it_back():
    with deadline(3.5) as limit:
        assert current_deadline() is limit
        assert limit.budget_s == 3.5
        assert 3.4 < limit.remaining_s() <= 3.5
    assert current_deadline() is None


@given(st.lists(st.floats(-10, 1000), min_size=1, max_size=6))
def test_nested_scopes_only_shrink(budgets: list[float]) -> None:
    def enter(left: list[float], bound: float) -> None:
        if not left:
            return
        with deadline(left[0]) as limit:
            assert limit.at <= bound
            assert current_deadline() is limit
            enter(left[1:], limit.at)

    enter(budgets, math.inf)
    assert current_deadline() is None


def test_a_scope_ends_when_it_is_left_by_an_error():
    with pytest.raises(KeyError), deadline(1):
        raise KeyError
    assert current_deadline() is None


@pytest.mark.parametrize("wrong", [math.nan, "3", None, True])
def test_what_is_no_number_is_no_deadline(wrong: object) -> None:
    with pytest.raises(ValueError, match="number of seconds"):
        Deadline.after(wrong)  # type: ignore[arg-type]  # that is the test


@pytest.mark.parametrize("passed", [0, -1, -math.inf])
def test_no_time_at_all_is_a_deadline_that_has_passed(passed: float) -> None:
    assert Deadline.after(passed).remaining_s() <= 0


async def test_tasks_share_the_scope_they_were_started_in():
    async def see() -> Deadline | None:
        await asyncio.sleep(0)
        return current_deadline()

    with deadline(5) as limit:
        inside = asyncio.create_task(see())
    assert await inside is limit
    assert current_deadline() is None
    with deadline(5) as limit:
        assert await asyncio.to_thread(current_deadline) is limit


async def test_a_task_that_shrinks_its_scope_leaves_others_alone():
    async def shrink() -> None:
        with deadline(0.1):
            await asyncio.sleep(0)

    with deadline(5) as limit:
        await asyncio.gather(shrink(), shrink())
        assert current_deadline() is limit


def test_a_thread_has_the_scope_when_it_is_run_in_a_copy_of_the_context():
    with deadline(5) as limit, ThreadPoolExecutor(1) as threads:
        assert threads.submit(current_deadline).result() is None
        context = contextvars.copy_context()
        assert threads.submit(context.run, current_deadline).result() is limit


def test_scopes_of_different_threads_know_nothing_of_each_other():
    seen: list[float] = []
    barrier = threading.Barrier(8)

    def enter(seconds: float) -> None:
        with deadline(seconds) as limit:
            barrier.wait()
            assert current_deadline() is limit
            seen.append(limit.budget_s)

    threads = [threading.Thread(target=enter, args=(float(n),)) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [float(n) for n in range(1, 9)]


def test_the_earliest_of_those_there_are():
    near, far = Deadline(1.0, 1.0), Deadline(2.0, 2.0)
    assert earliest(None, far, near, None) is near
    assert earliest(None, None) is None
    assert as_deadline(near) is near
    assert as_deadline(None) is None
