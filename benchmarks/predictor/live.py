"""The pace of a real vLLM on the bundled reasoner, under a load that changes."""

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from secrets import token_hex

from benchmarks.predictor.measures import Judged, Row, row
from benchmarks.predictor.traffic import Phase
from benchmarks.real_engine import vllm
from benchmarks.targets import running
from quorate_sampling.choices import draw_each
from quorate_sampling.drawing import Prompt
from quorate_sampling.engine import Abilities, Delta
from quorate_server.engines.connection import connect
from quorate_server.engines.replica import Replica
from quorate_server.engines.vllm import HttpEngine
from quorate_server.http1 import HttpOrigin

REQUESTS = 400
"""Judged, unless told otherwise; half as many are learnt from before."""

LEARNING_LOAD = 0.6
LOADS = (0.3, 0.9, 1.3, 0.5)
PROMPT_TOKENS = (100, 4000)
"""Drawn log-uniformly. A character is a token to this model."""
MOST_TOKENS = 256
SATURATING, AT_ONCE = 48, 24


@dataclass(frozen=True, slots=True)
class _Times:
    first: Judged
    token: Judged | None


@dataclass(frozen=True, slots=True)
class _Client:
    """Asks one engine for sums, long and short."""

    replica: Replica
    rng: random.Random

    async def ask(self) -> _Times | None:
        """One request, with what was predicted of it as it was sent; None where it said nothing."""
        content = self._sum()
        pace, clock = self.replica.pace, time.monotonic
        under = pace.conditions(len(content))
        first = (pace.first_token_s(0.5, under), pace.first_token_s(0.95, under))
        token = (pace.token_s(0.5, under), pace.token_s(0.95, under))
        came_at: list[float] = []

        def on_delta(_index: int, _delta: Delta) -> None:
            came_at.append(clock())

        body = {
            "model": self.replica.model_ids[0],
            "messages": [{"role": "user", "content": content}],
            "max_tokens": MOST_TOKENS,
        }
        sent_at = clock()
        (sample,) = await draw_each(
            self.replica.engine,
            Prompt(body, f"predictor-{token_hex(8)}"),
            1,
            pace=pace,
            clock=clock,
            on_delta=on_delta,
        )
        if not came_at:
            return None
        more = sample.usage.completion_tokens - 1
        observed = (clock() - came_at[0]) / more if more > 0 else None
        return _Times(
            Judged(*first, came_at[0] - sent_at),
            None if observed is None else Judged(*token, observed),
        )

    async def saturate(self) -> float:
        """How many such requests the engine finishes a second."""
        left = iter(range(SATURATING))

        async def one_by_one() -> None:
            for _ in left:
                await self.ask()

        began_at = time.monotonic()
        async with asyncio.TaskGroup() as clients:
            for _ in range(AT_ONCE):
                clients.create_task(one_by_one())
        return SATURATING / (time.monotonic() - began_at)

    async def phase(self, phase: Phase, capacity: float) -> list[_Times]:
        """Poisson arrivals at a load, however many are under way; waits for none of them."""
        async with asyncio.TaskGroup() as clients:
            asked = []
            for _ in range(phase.requests):
                await asyncio.sleep(self.rng.expovariate(phase.load * capacity))
                asked.append(clients.create_task(self.ask()))
        return [times for task in asked if (times := task.result()) is not None]

    def _sum(self) -> str:
        low, high = map(math.log, PROMPT_TOKENS)
        length = round(math.exp(self.rng.uniform(low, high)))
        terms = [str(self.rng.randint(10, 99)) for _ in range(max(2, length // 3))]
        return f"What is {'+'.join(terms)}?"


async def on_vllm(seed: int, requests: int, tell: Callable[[str], None]) -> tuple[list[Row], float]:
    """A row for each time over so many requests, and the engine's capacity in requests/s.

    `tell` hears how long it will take.
    """
    learning = Phase(LEARNING_LOAD, requests // 2)
    judged = [Phase(load, requests // len(LOADS)) for load in LOADS]
    async with _replica() as replica:
        client = _Client(replica, random.Random(seed))
        capacity = await client.saturate()
        seconds = sum(phase.requests / phase.load for phase in (learning, *judged)) / capacity
        tell(f"{capacity:.1f} requests/s at most: {seconds:.0f} s more …")
        await client.phase(learning, capacity)
        phases = [await client.phase(phase, capacity) for phase in judged]
    first = [[times.first for times in phase] for phase in phases]
    token = [[t.token for t in phase if t.token is not None] for phase in phases]
    return [row("Quorate", "first_token", [first]), row("Quorate", "token", [token])], capacity


@asynccontextmanager
async def _replica() -> AsyncIterator[Replica]:
    with running(vllm()) as started:
        upstream = HttpOrigin(started.url)
        engine = HttpEngine(upstream, name="vLLM", abilities=Abilities())
        replica = Replica(upstream, engine, (), ready=False)
        try:
            await connect(replica)
            yield replica
        finally:
            await upstream.aclose()
