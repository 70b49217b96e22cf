"""Calls begin and end one in each turn of the loop."""

import asyncio

from quorate.turns import Endings, Turns


async def turns_of(*tasks: "asyncio.Task[None]") -> int:
    """Turns of the loop until all have ended."""
    turns = 0
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0)
        turns += 1
    return turns


async def test_the_first_caller_of_a_turn_does_not_wait():
    starts = Turns(asyncio.get_running_loop())
    await asyncio.wait_for(starts.turn(), 0.1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting = starts.turn()
    try:
        waiting.send(None)
    except StopIteration:
        return
    raise AssertionError("it waited")


async def test_callers_begin_one_a_turn_in_their_order():
    starts = Turns(asyncio.get_running_loop())
    begun: list[int] = []

    async def begin(number: int) -> None:
        await starts.turn()
        begun.append(number)

    tasks = [asyncio.create_task(begin(number)) for number in range(50)]
    assert await turns_of(*tasks) >= 50
    assert begun == list(range(50))


async def test_a_caller_that_left_takes_no_turn():
    starts = Turns(asyncio.get_running_loop())
    tasks = [asyncio.create_task(starts.turn()) for _ in range(50)]
    await asyncio.sleep(0)
    for task in tasks[1:49]:
        task.cancel()
    await asyncio.wait_for(tasks[49], 1)
    again = asyncio.create_task(starts.turn())
    await asyncio.wait_for(again, 1)


async def test_what_is_given_up_is_cancelled_one_a_turn():
    endings = Endings(asyncio.get_running_loop())
    tasks = [asyncio.create_task(asyncio.sleep(60)) for _ in range(50)]
    await asyncio.sleep(0)
    for task in tasks:
        endings.give_up(task)
    assert not any(task.cancelling() for task in tasks)
    assert await turns_of(*tasks) >= 50
    assert all(task.cancelled() for task in tasks)


async def test_draining_does_not_wait_for_turns():
    endings = Endings(asyncio.get_running_loop())
    tasks = [asyncio.create_task(asyncio.sleep(60)) for _ in range(50)]
    for task in tasks:
        endings.give_up(task)
    await asyncio.wait_for(endings.drain(), 1)
    assert all(task.done() for task in tasks)
    await endings.drain()


async def test_what_an_ending_raises_troubles_nobody():
    async def stubborn() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise RuntimeError("too late") from None

    endings = Endings(asyncio.get_running_loop())
    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    endings.give_up(task)
    await endings.drain()
    assert isinstance(task.exception(), RuntimeError)
