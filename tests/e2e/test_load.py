"""Invariant 1 under load: twice what the engine can answer whole, and nothing is late."""

import asyncio
import re
from dataclasses import dataclass

import httpx

from benchmarks.deadline.arrivals import poisson
from benchmarks.deadline.capacity import capacity
from benchmarks.deadline.cells import Stand, serve
from benchmarks.deadline.questions import LONG_LEVELS, chains
from benchmarks.deadline.reply import Reply, replies
from benchmarks.deadline.systems import QUORATE, QUORATE_GROUP, System
from quorate_server.lag import LEAST_MARGIN_S
from tests.e2e.engine_counters import SETTLED_AFTER_S, running_requests

BUDGETS_S = (0.5, 1.0, 2.0)
LOAD = 2.0
SECONDS = 5.0
CAPACITY_S = 6.0
POLL_S = 1.0


@dataclass(frozen=True)
class Loaded:
    """What came of the requests, and the worst that the gateway's event loop lagged meanwhile."""

    replies: list[Reply]
    lag_s: float


async def test_nothing_is_late_at_twice_the_capacity(base_url: str, engine_url: str) -> None:
    stand = Stand("vLLM", engine_url, base_url, chains(LONG_LEVELS), 32, SETTLED_AFTER_S)
    rate = LOAD * await asyncio.to_thread(capacity, stand, CAPACITY_S)
    for system in (QUORATE, QUORATE_GROUP):
        loaded = await under_load(stand, system, rate)
        got = loaded.replies
        assert got, system
        assert all(reply.whole for reply in got), "a request was left without a response"
        assert {reply.status for reply in got} <= {200, 400, 503, 504}
        # What the loop stood still for beyond the margin is the machine's, and is on record.
        explained_s = max(0.0, loaded.lag_s - LEAST_MARGIN_S)
        late = [r for r in got if r.server_s - r.budget_s > explained_s]
        assert not late, (explained_s, late)
        assert any(reply.answered for reply in got), system
    await asyncio.sleep(SETTLED_AFTER_S)
    assert running_requests(engine_url) == 0


async def under_load(stand: Stand, system: System, rate: float) -> Loaded:
    """Open-loop arrivals from a process of its own, the gateway's lag watched meanwhile."""
    arrivals = poisson(rate, SECONDS, seed=5, budgets_s=BUDGETS_S)
    lags = [0.0]
    async with httpx.AsyncClient(base_url=stand.gateway_url, timeout=20) as client:
        sending = asyncio.create_task(asyncio.to_thread(serve, stand, system, arrivals))
        while not sending.done():
            await asyncio.wait([sending], timeout=POLL_S)
            lags.append(lag_s((await client.get("/metrics")).text))
    return Loaded(replies(await sending), max(lags))


def lag_s(metrics: str) -> float:
    """The event loop's worst delay of the last ten seconds."""
    found = re.search(r"^quorate_loop_lag_seconds (\S+)$", metrics, re.MULTILINE)
    assert found is not None
    return float(found[1])
