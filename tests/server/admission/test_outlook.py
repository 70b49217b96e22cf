"""What a door foresees: the same as a schedule made anew, at a cost that many refusals can bear."""

import asyncio
import time
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_server.admission.admission import MAX_QUEUE, Admission
from quorate_server.admission.demand import Demand
from quorate_server.admission.limit import AdaptiveLimit
from quorate_server.admission.outlook import FRESH_S, Outlook
from quorate_server.admission.schedule import Task, ends, late_s
from quorate_server.errors import Overloaded
from tests.sampling.virtual_time import loop_clock, virtual_time

REFUSALS = 100
MOST_EACH_S = 0.001

times = st.floats(0, 10)
tasks = st.builds(Task, st.integers(1, 4), times, times | st.just(inf))


@given(st.lists(times, min_size=1, max_size=5), st.lists(tasks, max_size=6), tasks, st.data())
def test_it_says_what_a_schedule_says(
    free_at: list[float], waiting: list[Task], newcomer: Task, data: st.DataObject
) -> None:
    outlook = Outlook(0.0, free_at, waiting)
    place = data.draw(st.integers(0, len(waiting)))
    before, behind = waiting[:place], waiting[place:]
    assert outlook.fits(newcomer, place) == (late_s(free_at, before, newcomer, behind) == 0.0)
    last = ends(free_at, [*waiting, newcomer])[-1]
    for _ in range(2):
        assert outlook.begins(newcomer.slots) + newcomer.seconds == last


def test_it_holds_for_a_moment_and_for_as_many_slots() -> None:
    outlook = Outlook(1.0, [1.0, 2.0], [])
    assert outlook.holds(2, 1.0 + FRESH_S / 2)
    assert not outlook.holds(2, 1.0 + 2 * FRESH_S)
    assert not outlook.holds(2, 0.0)
    assert not outlook.holds(3, 1.0)


@virtual_time
async def test_who_came_and_went_is_foreseen_at_once() -> None:
    admission = Admission(AdaptiveLimit(1), clock=loop_clock)
    assert admission.starts_in_s() == 0.0
    async with admission.entered(Demand(typical_s=3.0)):
        assert admission.starts_in_s() == pytest.approx(3.0)
        waiting = asyncio.create_task(_enter(admission, Demand(typical_s=2.0)))
        await asyncio.sleep(0)
        assert admission.starts_in_s() == pytest.approx(5.0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert admission.starts_in_s() == pytest.approx(3.0)
    assert admission.starts_in_s() == 0.0


@virtual_time
async def test_a_refusal_is_cheap_however_many_wait() -> None:
    admission = Admission(AdaptiveLimit(256), clock=loop_clock)
    async with asyncio.TaskGroup() as group, admission.entered(Demand(256, typical_s=20.0)):
        waiting = [
            group.create_task(_enter(admission, _within(50.0 + each / 100)))
            for each in range(MAX_QUEUE - 1)
        ]
        await asyncio.sleep(0.1)
        assert admission.queued == MAX_QUEUE - 1
        spent_s = 0.0
        for each in range(2 * REFUSALS):
            if each == REFUSALS:  # now the queue is full
                waiting.append(group.create_task(_enter(admission, _within(60.0))))
                await asyncio.sleep(0.1)
            await asyncio.sleep(FRESH_S / 10)
            began_s = time.process_time()
            admission.starts_in_s()
            with pytest.raises(Overloaded):
                await _enter(admission, _within(0.3))
            spent_s += time.process_time() - began_s
        for task in waiting:
            task.cancel()
    assert admission.counts.refused == {"overloaded": REFUSALS, "queue_full": REFUSALS}
    assert spent_s < 2 * REFUSALS * MOST_EACH_S


def _within(budget_s: float) -> Demand:
    end_by = loop_clock() + budget_s
    return Demand(end_by=end_by, least_s=0.2, typical_s=0.2, yielding=True)


async def _enter(admission: Admission, demand: Demand) -> None:
    async with admission.entered(demand):
        pass
