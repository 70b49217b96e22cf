"""Who stops waiting: its engine goes out of service, or its client leaves."""

import asyncio

import pytest

from quorate_server.admission.demand import Demand
from quorate_server.errors import EngineUnavailable
from tests.sampling.virtual_time import virtual_time
from tests.server.admission.door import door, hold, turn, within


@virtual_time
async def test_an_engine_out_of_service_keeps_nobody_waiting() -> None:
    admission = door(1)
    async with admission.entered(Demand()):
        waiting = [asyncio.create_task(hold(admission, Demand(), 1.0)) for _ in range(3)]
        await turn()
        waiting[0].cancel()
        admission.turn_away()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError)
        assert all(isinstance(result, EngineUnavailable) for result in results[1:])
    assert (admission.queued, admission.in_flight) == (0, 0)


@pytest.mark.parametrize("noted_first", [True, False])
@virtual_time
async def test_an_engine_that_goes_down_as_its_time_is_up_lets_nobody_in(noted_first: bool) -> None:
    admission, loop = door(4), asyncio.get_running_loop()
    async with admission.entered(Demand(samples=4, typical_s=0.1)):
        demand = within(1.0, least_s=0.5)
        assert demand.end_by is not None
        if noted_first:
            loop.call_at(demand.start_by, admission.turn_away)
        waiting = asyncio.create_task(hold(admission, demand, 0.1))
        await turn()
        if not noted_first:
            loop.call_at(demand.start_by, admission.turn_away)
        with pytest.raises(EngineUnavailable):
            await waiting
    assert (admission.queued, admission.in_flight) == (0, 0)


@virtual_time
async def test_who_is_cancelled_as_it_is_let_in_gives_its_slot_back() -> None:
    admission = door(1)
    async with asyncio.TaskGroup() as tasks:
        holding = asyncio.Event()

        async def until_told() -> None:
            async with admission.entered(Demand()):
                await holding.wait()

        tasks.create_task(until_told())
        await turn()
        waiting = tasks.create_task(hold(admission, Demand(), 1.0))
        next_one = tasks.create_task(hold(admission, Demand(), 0.1))
        await turn()
        holding.set()
        await asyncio.sleep(0)  # the first has left, and let the second in
        waiting.cancel()
    assert next_one.done()
    assert (admission.queued, admission.in_flight, admission.free) == (0, 0, 1)
