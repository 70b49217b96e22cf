"""What one that was let in holds: slots by the samples it runs, and none while elsewhere."""

import asyncio

import pytest

from quorate_server.admission.demand import Demand
from tests.sampling.virtual_time import virtual_time
from tests.server.admission.door import door, hold, turn, within


@virtual_time
async def test_samples_beyond_those_it_came_with_hold_slots_too() -> None:
    admission = door(4)
    async with admission.entered(Demand()) as group:
        assert admission.more_for(group) == 4
        for _ in range(3):
            group.began()
        assert (admission.free, admission.more_for(group)) == (1, 1)
        async with admission.entered(Demand()):
            assert admission.more_for(group) == 0
        group.ended()
        assert admission.more_for(group) == 2
    assert admission.in_flight == 0


@virtual_time
async def test_a_group_gets_no_more_samples_while_somebody_waits() -> None:
    admission = door(3)
    async with asyncio.TaskGroup() as tasks, admission.entered(Demand()) as group:
        group.began()
        tasks.create_task(hold(admission, Demand(samples=3), 0.1))
        await turn()
        assert admission.queued == 1
        assert admission.more_for(group) == 0
        group.ended()


@virtual_time
async def test_a_sample_that_ends_lets_the_next_request_in() -> None:
    admission = door(2)
    async with asyncio.TaskGroup() as tasks, admission.entered(Demand()) as group:
        group.began()
        group.began()
        waiting = tasks.create_task(hold(admission, within(5.0), 0.1))
        await asyncio.sleep(0.5)
        group.ended()
        await asyncio.sleep(0.2)
        assert waiting.result().queued_s == pytest.approx(0.5)


@virtual_time
async def test_who_goes_on_to_wait_elsewhere_holds_nothing_meanwhile() -> None:
    admission = door(1)
    async with admission.entered(Demand()) as first:
        first.give_back()
        assert (await hold(admission, Demand(), 0.1)).queued_s == 0.0
    assert (admission.in_flight, admission.free) == (0, 1)
