"""Whoever calls returns in time."""

import asyncio
import time
from functools import partial

import pytest

from quorate.crowd import MOST_SHARE, Crowd
from quorate.deadline import Deadline
from quorate.guard import Expired, Guard


@pytest.fixture
def crowd() -> Crowd:
    return Crowd()


@pytest.fixture
async def guard(crowd: Crowd) -> Guard:
    return Guard(asyncio.get_running_loop(), crowd)


async def test_work_that_is_done_in_time_is_returned(guard: Guard) -> None:
    assert await guard.run(Deadline.after(1), lambda: asyncio.sleep(0, "done")) == "done"


async def test_what_the_work_raises_is_raised(guard: Guard) -> None:
    async def fail() -> None:
        raise KeyError("wrong")

    with pytest.raises(KeyError):
        await guard.run(Deadline.after(1), fail)


async def test_the_caller_leaves_at_the_deadline_and_the_work_is_cancelled(guard: Guard) -> None:
    cancelled = asyncio.Event()

    async def stall() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()

    began = time.monotonic()
    with pytest.raises(Expired):
        await guard.run(Deadline.after(0.05), stall)
    assert 0.05 <= time.monotonic() - began < 0.5
    await asyncio.wait_for(cancelled.wait(), 1)


async def test_work_that_will_not_be_cancelled_holds_up_nobody(guard: Guard) -> None:
    release = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await release.wait()

    with pytest.raises(Expired):
        await guard.run(Deadline.after(0.02), stubborn)
    release.set()
    await guard.endings.drain()


async def test_a_deadline_that_has_passed_starts_nothing_that_is_waited_for(guard: Guard) -> None:
    with pytest.raises(Expired):
        await guard.run(Deadline.after(-1), lambda: asyncio.sleep(60))
    await guard.endings.drain()


async def test_a_cancelled_caller_takes_its_work_along(guard: Guard) -> None:
    running, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        running.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    caller = asyncio.create_task(guard.run(Deadline.after(60), work))
    await running.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await asyncio.wait_for(ended.wait(), 1)


async def test_a_caller_that_leaves_at_once_leaves_nothing_unawaited(guard: Guard) -> None:
    caller = asyncio.create_task(guard.run(Deadline.after(60), lambda: asyncio.sleep(60)))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.wait([caller])
    await guard.endings.drain()


async def test_a_thousand_that_expire_together_all_leave_in_time(guard: Guard) -> None:
    async def late() -> float:
        began = time.monotonic()
        with pytest.raises(Expired):
            await guard.run(Deadline.after(0.2), lambda: asyncio.sleep(60))
        return time.monotonic() - began

    took = await asyncio.gather(*(late() for _ in range(1000)))
    assert min(took) >= 0.2 * (1 - MOST_SHARE)
    assert max(took) < 0.2 + 0.15
    await guard.endings.drain()


async def test_what_has_no_time_left_when_its_turn_comes_is_not_begun(guard: Guard) -> None:
    begun: list[int] = []

    async def begin(number: int) -> None:
        begun.append(number)
        time.sleep(0.03)  # noqa: ASYNC251  # the loop is held up, which is the point
        await asyncio.sleep(60)

    calls = (guard.run(Deadline.after(0.1), partial(begin, number)) for number in range(50))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(outcome, Expired) for outcome in outcomes)
    await guard.endings.drain()
    assert len(begun) < 10


async def test_a_patient_caller_is_told_that_much_later(guard: Guard) -> None:
    began = time.monotonic()
    with pytest.raises(Expired):
        await guard.run(Deadline.after(0.05), lambda: asyncio.sleep(60), patience_s=0.1)
    assert 0.15 <= time.monotonic() - began < 0.5


async def test_work_is_in_the_crowd_until_it_has_ended(guard: Guard, crowd: Crowd) -> None:
    """Its caller may have left: what is tidied up after still holds up the others."""
    release, limit = asyncio.Event(), Deadline.after(100)

    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await release.wait()

    crowd.join()
    with pytest.raises(Expired):
        await guard.run(Deadline.after(0.02), stubborn)
    assert crowd.margin_s(limit) > 0
    release.set()
    await guard.endings.drain()
    await asyncio.sleep(0)
    assert crowd.margin_s(limit) == 0
