"""Who is let in at the door of one engine, and in which order."""

import asyncio
from contextlib import suppress

import pytest

from quorate_server.admission.demand import Demand
from quorate_server.errors import Overloaded
from tests.sampling.virtual_time import virtual_time
from tests.server.admission.door import door, hold, turn, within


@virtual_time
async def test_while_slots_are_free_nobody_waits() -> None:
    admission = door(2)
    async with admission.entered(within(1.0)) as one, admission.entered(Demand()) as two:
        assert (one.queued_s, two.queued_s) == (0.0, 0.0)
        assert (admission.free, admission.in_flight) == (0, 2)
    assert (admission.free, admission.in_flight) == (2, 0)


@virtual_time
async def test_who_waits_is_let_in_by_deadline_and_those_without_last() -> None:
    admission = door(1)
    order: list[str] = []

    async def ask(name: str, demand: Demand) -> None:
        async with admission.entered(demand):
            order.append(name)
            await asyncio.sleep(0.2)

    async with asyncio.TaskGroup() as tasks, admission.entered(Demand(typical_s=0.2)):
        for name, demand in {
            "patient": Demand(typical_s=0.2),
            "late": within(9.0),
            "soon": within(3.0),
            "later": within(10.0),
            "patient too": Demand(typical_s=0.2),
        }.items():
            tasks.create_task(ask(name, demand))
            await turn()
        assert admission.queued == 5
    assert order == ["soon", "late", "later", "patient", "patient too"]


@virtual_time
async def test_who_has_no_deadline_is_not_overtaken_for_ever() -> None:
    admission = door(1)
    async with asyncio.TaskGroup() as tasks:

        async def hurried() -> None:
            with suppress(Overloaded):
                await hold(admission, within(2.0), 0.3)

        async def crowd() -> None:
            for _ in range(600):
                tasks.create_task(hurried())
                await asyncio.sleep(0.1)

        tasks.create_task(crowd())
        await asyncio.sleep(1.0)
        patient = await hold(admission, Demand(typical_s=0.3), 0.3)
        assert 20 < patient.queued_s < 40


@virtual_time
async def test_the_queue_is_bounded() -> None:
    admission = door(1, max_queue=2)
    async with asyncio.TaskGroup() as tasks, admission.entered(Demand()):
        for _ in range(2):
            tasks.create_task(hold(admission, Demand(), 0.1))
        await turn()
        with pytest.raises(Overloaded) as refused:
            await hold(admission, Demand(), 0.1)
        assert refused.value.earliest_ms is None
        assert refused.value.retry_after_ms >= 1000
    assert admission.counts.refused == {"queue_full": 1}


@virtual_time
async def test_a_queue_of_no_length_serves_only_who_need_not_wait() -> None:
    admission = door(1, max_queue=0)
    async with admission.entered(Demand()):
        with pytest.raises(Overloaded):
            await hold(admission, within(9.0), 0.1)
    await hold(admission, within(9.0), 0.1)


@virtual_time
async def test_who_needs_several_slots_waits_for_all_and_is_not_overtaken() -> None:
    admission = door(4)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(admission, within(8.0, samples=3), 1.0))
        await turn()
        many = tasks.create_task(hold(admission, within(8.0, samples=4), 0.5))
        await turn()
        one = tasks.create_task(hold(admission, within(9.0), 0.1))
    assert many.result().queued_s == pytest.approx(1.0)
    assert one.result().queued_s == pytest.approx(1.5)


@virtual_time
async def test_who_needs_more_than_there_is_gets_everything() -> None:
    admission = door(4)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(admission, Demand(), 1.0))
        await turn()
        assert (await hold(admission, Demand(samples=100), 0.1)).queued_s == pytest.approx(1.0)


@virtual_time
async def test_relayed_requests_count_but_leave_room_for_who_waits() -> None:
    admission = door(8)
    admission.relay(2)
    assert (admission.free, admission.in_flight) == (6, 2)
    admission.relay(98)
    assert (admission.free, admission.in_flight) == (4, 100)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(hold(admission, Demand(), 9.0))
        waiting = tasks.create_task(hold(admission, Demand(), 0.1))
        await asyncio.sleep(1.0)
        admission.relay(-100)
    assert waiting.result().queued_s == pytest.approx(1.0)
    assert (admission.free, admission.in_flight) == (8, 0)


@virtual_time
async def test_waits_are_counted() -> None:
    admission = door(1)
    await hold(admission, Demand(), 1.0)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(admission, Demand(), 1.0))
        tasks.create_task(hold(admission, Demand(), 1.0))
    assert sum(admission.counts.waits) == 3
    assert admission.counts.waited_s == pytest.approx(1.0)
