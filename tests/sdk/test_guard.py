"""Whoever calls returns in time."""

import asyncio
import time

import pytest

from quorate.crowd import Crowd
from quorate.deadline import Deadline
from quorate.guard import Expired, Guard


@pytest.fixture
async def guard() -> Guard:
    return Guard(asyncio.get_running_loop(), Crowd())


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
    assert max(took) < 0.2 + 0.25
    await guard.endings.drain()
