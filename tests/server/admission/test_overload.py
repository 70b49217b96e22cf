"""Open-loop load on one engine's door: arrivals do not wait for answers, as users do not."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field

import httpx
import pytest

from quorate_server.admission.admission import Admission
from quorate_server.admission.demand import Demand
from quorate_server.admission.limit import AdaptiveLimit
from quorate_server.engines.replica import Replica, ReplicaPool
from quorate_server.errors import Overloaded
from quorate_server.job import CHAT_PATH
from tests.sampling.scripted import ScriptedEngine
from tests.sampling.virtual_time import VirtualTimeLoop, loop_clock
from tests.server.scripted_gateway import NoUpstream, chat, gateway, slow

SLOTS = 16
LEAST_S = 0.2
SECONDS = 10.0


@dataclass
class Played:
    """What became of the requests."""

    answered: int = 0
    in_vain: int = 0
    """Let in, and ended before they were answered."""
    refused_after_s: list[float] = field(default_factory=list)
    thought: list[float] = field(default_factory=list)
    """What share of its thought each had time for."""

    @property
    def goodput(self) -> float:
        return self.answered / SECONDS


def played(load: float, budget_s: float, *, yielding: bool = True) -> Played:
    """`load` times as many requests as the engine could answer whole, each a second on average."""
    told, chance = Played(), random.Random(7)
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(_play(told, chance, load * SLOTS, budget_s, yielding))
    return told


async def _play(
    told: Played, chance: random.Random, rate: float, budget_s: float, yielding: bool
) -> None:
    admission = Admission(AdaptiveLimit(SLOTS), clock=loop_clock)

    async def ask() -> None:
        asked_at = loop_clock()
        demand = Demand(
            asked_at=asked_at,
            end_by=asked_at + budget_s,
            least_s=LEAST_S,
            typical_s=1.0,
            yielding=yielding,
        )
        wanted_s = max(LEAST_S, chance.expovariate(1.0))
        try:
            async with admission.entered(demand) as ticket:
                assert ticket.end_by is not None
                left_s = ticket.end_by - loop_clock()
                await asyncio.sleep(min(wanted_s, left_s))
        except Overloaded:
            told.refused_after_s.append(loop_clock() - asked_at)
            return
        enough_s = LEAST_S if yielding else wanted_s
        if left_s >= enough_s - 1e-6:
            told.answered += 1
            told.thought.append(min(1.0, left_s / wanted_s))
        else:
            told.in_vain += 1

    async with asyncio.TaskGroup() as tasks:
        while loop_clock() < SECONDS:
            await asyncio.sleep(chance.expovariate(rate))
            tasks.create_task(ask())
    assert (admission.in_flight, admission.queued, admission.free) == (0, 0, SLOTS)


@pytest.mark.parametrize("budget_s", [0.5, 2.0, 8.0])
def test_goodput_does_not_fall_when_more_comes_than_can_be_served(budget_s: float) -> None:
    best = 0.0
    for load in (0.5, 1.0, 2.0, 4.0, 8.0):
        told = played(load, budget_s)
        best = max(best, told.goodput)
        assert told.goodput >= 0.9 * best
        assert told.in_vain == 0
        assert load > 1.0 or not told.refused_after_s


@pytest.mark.parametrize("budget_s", [0.5, 2.0, 8.0])
def test_thinking_gets_shorter_before_anybody_is_refused(budget_s: float) -> None:
    told = played(2.0, budget_s)
    assert not told.refused_after_s
    assert told.goodput >= 1.9 * SLOTS
    whole = sum(share == 1.0 for share in played(0.5, budget_s).thought)
    assert sum(told.thought) / len(told.thought) < 0.95
    assert whole > 0


@pytest.mark.parametrize("load", [4.0, 8.0])
@pytest.mark.parametrize("budget_s", [0.5, 2.0, 8.0])
def test_who_is_refused_is_refused_as_it_comes(load: float, budget_s: float) -> None:
    told = played(load, budget_s)
    waits = sorted(told.refused_after_s)
    assert not waits or waits[int(0.99 * (len(waits) - 1))] == 0.0


def test_what_cannot_be_shortened_is_still_answered_under_overload() -> None:
    at_capacity = played(0.9, 2.0, yielding=False)
    beyond = played(4.0, 2.0, yielding=False)
    assert beyond.goodput >= 0.9 * at_capacity.goodput


async def test_a_gateway_offered_four_times_what_it_can_do_is_never_late() -> None:
    engine = ScriptedEngine([slow(token_s=0.02)])
    served = Replica(NoUpstream(), engine, ("abacus",), capacity=1, max_queue=4)
    statuses: Counter[int] = Counter()

    async def ask(client: httpx.AsyncClient) -> None:
        answered = await client.post(CHAT_PATH, json=chat(deadline_ms=500))
        statuses[answered.status_code] += 1
        if answered.status_code == 200:
            told = answered.json()["deadline"]
            assert told["met"] is True
            assert told["elapsed_ms"] <= 500

    async with gateway(pool=ReplicaPool([served])) as client:
        served.pace.closed(0.15, whole=True)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(120):
                tasks.create_task(ask(client))
                await asyncio.sleep(0.02)
    assert set(statuses) <= {200, 503}
    assert statuses[503] > 0
    assert statuses[200] >= 6
    assert (served.in_flight, served.admission.in_flight, engine.running) == (0, 0, 0)
