"""A client that leaves, in whatever phase its deadline is: nothing goes on for it."""

import asyncio

import pytest

from tests.server.deadline_faults.played import (
    FOR_EVER_S,
    THOUGHT,
    PlayedEngine,
    PlayedStream,
    Step,
    gateway,
    said,
    thinking,
)
from tests.server.deadline_faults.side_by_side import Shape, in_every_shape
from tests.server.http1.scripted import until

BUDGET_MS = 1500
SILENT: list[Step] = [(FOR_EVER_S, THOUGHT)]


@in_every_shape
@pytest.mark.parametrize("answer", [SILENT, said("1")], ids=["before a token", "within it"])
async def test_a_client_that_leaves_while_it_is_forced(shape: Shape, answer: list[Step]) -> None:
    forcing, leave = asyncio.Event(), asyncio.Event()

    def answered() -> PlayedStream:
        forcing.set()
        return PlayedStream(answer, stalls=True)

    engine = PlayedEngine(drawn=lambda: PlayedStream(thinking(10), stalls=True), answered=answered)
    async with gateway(engine) as gw:
        asking = asyncio.create_task(gw.ask(leave=leave, deadline_ms=BUDGET_MS, **shape))
        forced = asyncio.create_task(forcing.wait())
        await asyncio.wait({asking, forced}, return_when=asyncio.FIRST_COMPLETED)
        assert forced.done(), asking.result()
        await asyncio.sleep(0.02)
        leave.set()
        async with asyncio.timeout(1.0):
            await asking
        gw.assert_nothing_is_left()
    assert any(stream.stops for stream in engine.played)


@in_every_shape
@pytest.mark.parametrize("deaf", [False, True])
@pytest.mark.parametrize("steps", [SILENT, thinking(3)], ids=["before a token", "in a thought"])
async def test_a_client_that_leaves_before_it_is_forced(
    shape: Shape, steps: list[Step], deaf: bool
) -> None:
    leave = asyncio.Event()
    engine = PlayedEngine(drawn=lambda: PlayedStream(steps, stalls=True, deaf=deaf))
    async with gateway(engine) as gw:
        asking = asyncio.create_task(gw.ask(leave=leave, deadline_ms=1500, **shape))
        await asyncio.sleep(0.1)
        leave.set()
        async with asyncio.timeout(2.0 if deaf else 1.0):
            await asking
        gw.assert_nothing_is_left()
    assert all(stream.stops for stream in engine.played)
    assert engine.resumed == []


async def test_a_client_that_leaves_while_it_waits_for_its_turn_is_never_begun() -> None:
    leave = asyncio.Event()
    engine = PlayedEngine(drawn=lambda: PlayedStream(thinking(500), stalls=True))
    async with gateway(engine, capacity=1) as gw:
        door = gw.pool.replicas[0].admission
        first = asyncio.create_task(gw.ask(deadline_ms=2000))
        await until(lambda: len(engine.draws) == 1)
        second = asyncio.create_task(gw.ask(leave=leave, deadline_ms=9000))
        await until(lambda: door.queued == 1)
        leave.set()
        assert (await second).status == 0
        assert door.queued == 0
        assert (await first).content == "13"
    assert len(engine.draws) == 1
