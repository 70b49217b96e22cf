"""The door of one engine, in time that leaps: to be tried in whatever way."""

import asyncio

from quorate_server.admission.admission import MAX_QUEUE, Admission
from quorate_server.admission.demand import Demand
from quorate_server.admission.limit import AdaptiveLimit
from quorate_server.admission.ticket import Ticket
from tests.sampling.virtual_time import loop_clock


def door(slots: int, *, max_queue: int = MAX_QUEUE) -> Admission:
    return Admission(AdaptiveLimit(slots), max_queue, clock=loop_clock)


def within(budget_s: float, **kwargs: object) -> Demand:
    """A request with so much time left, that can be answered in 0.1 s and likes to take 1 s."""
    now = loop_clock()
    given = {"least_s": 0.1, "yielding": True, **kwargs}
    return Demand(asked_at=now, end_by=now + budget_s, **given)  # type: ignore[arg-type]


async def hold(admission: Admission, demand: Demand, seconds: float) -> Ticket:
    """Be let in and stay for so long."""
    async with admission.entered(demand) as ticket:
        await asyncio.sleep(seconds)
    return ticket


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)
