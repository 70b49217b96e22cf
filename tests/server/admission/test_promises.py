"""Who is refused as it comes, and what is kept of the promise to who is let wait."""

import asyncio

import pytest

from quorate_server.admission.admission import Admission
from quorate_server.admission.demand import Demand
from quorate_server.errors import Overloaded
from tests.sampling.virtual_time import VirtualTimeLoop, loop_clock, virtual_time
from tests.server.admission.door import door, hold, turn, within


@virtual_time
async def test_who_cannot_make_it_is_refused_as_it_comes() -> None:
    admission = door(1)
    async with admission.entered(within(5.0, typical_s=3.0)):
        asked_at = loop_clock()
        with pytest.raises(Overloaded) as refused:
            await hold(admission, within(1.0), 0.1)
        assert loop_clock() == asked_at
    told = refused.value
    assert told.earliest_ms == pytest.approx(3100, abs=2)
    assert told.retry_after_ms == pytest.approx(2100, abs=2)
    assert "3100 ms" in told.message
    assert admission.counts.refused == {"overloaded": 1}


@virtual_time
async def test_the_budget_it_is_told_would_have_been_enough() -> None:
    admission = door(1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(admission, within(2.0, typical_s=2.0), 1.9))
        await turn()
        with pytest.raises(Overloaded) as refused:
            await hold(admission, within(0.5, after_s=0.05), 0.1)
        assert refused.value.earliest_ms is not None
        budget_s = refused.value.earliest_ms / 1000 - 0.05
        assert (await hold(admission, within(budget_s), 0.05)).queued_s > 0


@virtual_time
async def test_who_would_make_another_late_that_was_let_wait_is_the_one_refused() -> None:
    admission = door(1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(admission, within(1.0), 0.9))
        await turn()
        promised = tasks.create_task(hold(admission, within(1.35, least_s=0.3), 0.3))
        await turn()
        with pytest.raises(Overloaded):  # due before it, and there is room for one
            await hold(admission, within(1.3, least_s=0.2), 0.1)
    assert promised.result().queued_s == pytest.approx(0.9)


@virtual_time
async def test_a_promise_is_kept_over_the_limit_when_slots_come_late() -> None:
    admission = door(4)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):  # expected back in 1 s, they stay for 5
            tasks.create_task(hold(admission, Demand(typical_s=1.0), 5.0))
        await turn()
        promised = tasks.create_task(hold(admission, within(2.0), 0.05))
        await turn()
        assert admission.queued == 1
        vain = tasks.create_task(_refused_after(admission, within(2.0)))
    assert promised.result().queued_s == pytest.approx(1.9)
    assert vain.result() == pytest.approx(1.9)
    assert admission.counts.refused == {"waited_in_vain": 1}


@virtual_time
async def test_who_is_not_going_to_get_its_turn_any_more_is_told_when_that_shows() -> None:
    admission = door(64)
    refused_at: list[float] = []

    async def ask() -> None:
        try:
            await hold(admission, within(2.5, least_s=0.4), 0.05)
        except Overloaded:
            refused_at.append(loop_clock())

    async with asyncio.TaskGroup() as tasks:
        for _ in range(64):
            tasks.create_task(hold(admission, within(2.0, typical_s=2.0), 1.9))
        await turn()
        for _ in range(40):
            tasks.create_task(ask())
        await turn()
        assert admission.queued == 40
        await asyncio.sleep(0.5)
        for _ in range(20):
            admission.limit.dropped()
        assert admission.limit.samples == 16
        await asyncio.sleep(0.5)
        tasks.create_task(hold(admission, Demand(), 0.1))  # by which it shows
        await turn()
        # In 20 slots, a quarter over the limit, so many can begin in time, one after another none.
        assert refused_at == [pytest.approx(1.0)] * 20
    assert len(refused_at) == 20
    assert admission.counts.refused == {"waited_in_vain": 20}


async def _refused_after(admission: Admission, demand: Demand) -> float:
    asked_at = loop_clock()
    with pytest.raises(Overloaded) as refused:
        await hold(admission, demand, 0.05)
    assert refused.value.earliest_ms is None  # for all that was foreseen it would be served
    assert refused.value.retry_after_ms > 0
    return loop_clock() - asked_at


@virtual_time
async def test_what_has_passed_is_never_started() -> None:
    admission = door(1)
    with pytest.raises(Overloaded):
        await hold(admission, within(0.05), 0.1)
    assert admission.in_flight == 0


@virtual_time
async def test_a_process_that_was_suspended_does_not_start_what_has_passed() -> None:
    admission = door(1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(admission, within(1.0), 0.5))
        await turn()
        waiting = [tasks.create_task(_refused_after(admission, within(1.5))) for _ in range(2)]
        await turn()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.now += 10.0
    assert [task.result() for task in waiting] == [pytest.approx(10.0)] * 2
    assert admission.counts.refused == {"waited_in_vain": 2}


@virtual_time
async def test_who_is_let_in_while_others_wait_gets_less_time_and_never_too_little() -> None:
    admission = door(1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(admission, within(3.0), 0.5))
        await turn()
        waiting = [tasks.create_task(hold(admission, within(3.0), 0.1)) for _ in range(8)]
    first, *_, last = (task.result() for task in waiting)
    assert first.end_by is not None
    assert first.let_in_at is not None
    assert 0.1 <= first.end_by - first.let_in_at < 2.0
    assert last.end_by == last.demand.end_by


@virtual_time
async def test_whose_thinking_cannot_be_cut_keeps_its_time() -> None:
    admission = door(1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(admission, within(3.0), 0.5))
        await turn()
        whole = tasks.create_task(hold(admission, within(9.0, yielding=False), 0.1))
        tasks.create_task(hold(admission, within(9.5), 0.1))
    assert whole.result().end_by == whole.result().demand.end_by
