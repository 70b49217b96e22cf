"""Who gives way where a thought that was cut is worth nothing: in time that leaps."""

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_server.admission.admission import Admission
from quorate_server.admission.demand import TYPICAL_NEEDED, Demand, UnderLoad
from quorate_server.admission.limit import AdaptiveLimit
from quorate_server.engines.replica import Replica, ReplicaPool
from quorate_server.errors import Overloaded
from quorate_server.job import CHAT_PATH
from tests.sampling.scripted import ScriptedEngine
from tests.sampling.virtual_time import VirtualTimeLoop, loop_clock, virtual_time
from tests.server.scripted_gateway import NoUpstream, chat, gateway, slow

SLOTS = 16
LEAST_S = 0.1
BUDGETS_S = (0.5, 2.0, 6.0)


def within(budget_s: float, under_load: UnderLoad, **kwargs: object) -> Demand:
    """A request with so much time left, whose thoughts usually take a second."""
    now = loop_clock()
    given = {"least_s": LEAST_S, "yielding": True, "under_load": under_load, **kwargs}
    return Demand(asked_at=now, end_by=now + budget_s, **given)  # type: ignore[arg-type]


def door(slots: int = SLOTS) -> Admission:
    return Admission(AdaptiveLimit(slots), clock=loop_clock)


async def crowd(stack: AsyncExitStack, admission: Admission, count: int) -> None:
    """So many requests inside, for as long as `stack` is open."""
    for _ in range(count):
        await stack.enter_async_context(admission.entered(Demand(typical_s=30.0)))


@pytest.mark.parametrize("under_load", ["shorten", "triage", "refuse"])
@virtual_time
async def test_on_a_quiet_engine_everybody_may_think(under_load: UnderLoad) -> None:
    admission = door()
    async with AsyncExitStack() as stack:
        await crowd(stack, admission, SLOTS // 4)
        demand = within(0.5, under_load)
        async with admission.entered(demand) as ticket:
            assert ticket.end_by == demand.end_by
            assert not ticket.demand.brief


@virtual_time
async def test_a_busy_one_answers_without_a_thought_who_has_no_time_for_a_whole_one() -> None:
    admission = door()
    async with AsyncExitStack() as stack:
        await crowd(stack, admission, SLOTS // 4 + 1)
        async with admission.entered(within(0.5, "triage")) as ticket:
            assert ticket.demand.brief
            assert ticket.end_by == pytest.approx(loop_clock() + LEAST_S)


@virtual_time
async def test_who_has_time_for_a_whole_thought_keeps_it_though_others_wait() -> None:
    admission = door(1)
    kept: list[bool] = []

    async def ask(under_load: UnderLoad) -> None:
        demand = within(9.0, under_load)
        async with admission.entered(demand) as ticket:
            kept.append(ticket.end_by == demand.end_by)
            await asyncio.sleep(1.0)

    for under_load in ("triage", "shorten"):
        async with asyncio.TaskGroup() as tasks:
            for _ in range(3):
                tasks.create_task(ask(under_load))
    assert kept == [True, True, True, True, False, True]


@virtual_time
async def test_who_would_wait_too_long_for_a_whole_thought_gives_way_too() -> None:
    admission = door(4)
    async with AsyncExitStack() as stack:
        await crowd(stack, admission, 4)
        asked_at = loop_clock()
        with pytest.raises(Overloaded):
            await stack.enter_async_context(admission.entered(within(2.0, "refuse")))
        ticket = await stack.enter_async_context(admission.entered(within(2.0, "triage")))
        assert ticket.demand.brief
        assert loop_clock() == asked_at


@virtual_time
async def test_answers_without_a_thought_go_over_the_limit_by_a_quarter() -> None:
    admission = door(8)
    async with AsyncExitStack() as stack:
        await crowd(stack, admission, 8)
        for _ in range(2):
            await stack.enter_async_context(admission.entered(within(0.5, "triage")))
        with pytest.raises(Overloaded):
            await stack.enter_async_context(admission.entered(within(0.5, "triage")))
        assert admission.in_flight == 10


@pytest.mark.parametrize("fields", [{}, {"consensus": 3}])
async def test_who_gives_way_is_answered_at_once_from_a_thought_closed_from_the_start(
    fields: dict[str, Any],
) -> None:
    engine = ScriptedEngine([slow()])
    served = Replica(
        NoUpstream(), engine, ("abacus",), max_model_len=2048, capacity=8, under_load="triage"
    )
    served.pace.closed(0.15, whole=True)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(gateway(pool=ReplicaPool([served])))
        for _ in range(3):
            await stack.enter_async_context(served.entered(Demand(typical_s=30.0)))
        answered = await client.post(CHAT_PATH, json=chat(deadline_ms=600, **fields))
    assert answered.status_code == 200
    assert answered.json()["deadline"]["plan"]["mode"] == "closed"
    assert engine.draws == []


@given(
    typical_s=st.floats(0.7, 60.0),
    inside=st.integers(SLOTS // 2 + 1, SLOTS - 1),
    after_s=st.floats(0.0, 0.5),
)
def test_with_the_budget_that_a_refusal_names_it_would_have_been_let_in(
    typical_s: float, inside: int, after_s: float
) -> None:
    @virtual_time
    async def ask() -> None:
        admission = door()
        async with AsyncExitStack() as stack:
            await crowd(stack, admission, inside)
            kwargs = {"typical_s": typical_s, "after_s": after_s}
            with pytest.raises(Overloaded) as refused:
                await stack.enter_async_context(
                    admission.entered(within(TYPICAL_NEEDED * 0.6, "refuse", **kwargs))
                )
            assert refused.value.earliest_ms is not None
            assert refused.value.retry_after_ms is not None
            enough_s = refused.value.earliest_ms / 1000 - after_s
            async with admission.entered(within(enough_s, "refuse", **kwargs)) as ticket:
                assert ticket.queued_s == 0.0

    ask()


@dataclass(frozen=True, slots=True)
class Played:
    """What became of the requests, as shares of all; `thought`: those that were thought through."""

    answered: float
    thought: float
    refused: float


def played(load: float, under_load: UnderLoad) -> Played:
    """`load` times as many requests as slots, each thinking a second on average."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        outcomes = runner.run(_play(load * SLOTS, under_load))
    count = len(outcomes)
    refused, thought = outcomes.count("refused"), outcomes.count("thought")
    return Played((count - refused) / count, thought / count, refused / count)


async def _play(rate: float, under_load: UnderLoad) -> list[str]:
    admission, chance = door(), random.Random(3)
    outcomes: list[str] = []

    async def ask() -> None:
        wants_s = chance.lognormvariate(0.0, 0.5)
        demand = within(chance.choice(BUDGETS_S), under_load, typical_s=1.0)
        try:
            async with admission.entered(demand) as ticket:
                assert ticket.end_by is not None
                left_s = ticket.end_by - loop_clock()
                await asyncio.sleep(min(wants_s, left_s))
        except Overloaded:
            outcomes.append("refused")
        else:
            outcomes.append("thought" if left_s >= wants_s else "cut")

    async with asyncio.TaskGroup() as tasks:
        while loop_clock() < 10.0:
            await asyncio.sleep(chance.expovariate(rate))
            tasks.create_task(ask())
    assert (admission.in_flight, admission.queued, admission.free) == (0, 0, SLOTS)
    return outcomes


def test_nobody_is_refused_by_triage_where_shortening_refuses_nobody() -> None:
    for load in (0.5, 1.0, 2.0):
        assert played(load, "shorten").refused == played(load, "triage").refused == 0.0


@pytest.mark.parametrize("load", [2.0, 4.0])
def test_triage_gives_more_whole_thoughts_than_shortening_them_all(load: float) -> None:
    triage, shorten = played(load, "triage"), played(load, "shorten")
    assert triage.thought > 2 * shorten.thought
    assert triage.answered >= 0.9 * shorten.answered


def test_refusing_leaves_as_many_whole_thoughts_and_fewer_answers() -> None:
    refuse, triage = played(4.0, "refuse"), played(4.0, "triage")
    assert refuse.thought >= triage.thought
    assert refuse.answered < triage.answered


@pytest.mark.parametrize("under_load", ["triage", "refuse"])
def test_goodput_does_not_fall_as_more_comes(under_load: UnderLoad) -> None:
    goodput = [load * played(load, under_load).answered for load in (0.5, 1.0, 2.0, 4.0)]
    assert goodput[-1] >= 0.9 * max(goodput)
