"""Counters of what is in flight, when everything goes wrong at once: none may leak."""

import asyncio
import random
from contextlib import suppress
from typing import Any

import httpx
import pytest

from quorate_server.engines.replica import Replica, ReplicaPool
from quorate_server.errors import EngineFailed, EngineUnavailable
from quorate_server.job import CHAT_PATH
from tests.sampling.scripted import Script, ScriptedEngine
from tests.server.http1.scripted import until
from tests.server.scripted_gateway import NoUpstream, chat, gateway, quick, slow

SCRIPTS = (
    slow(),
    quick(),
    Script(thought=50),
    slow(deaf=True),
    Script(error=EngineUnavailable("no room")),
    Script(error=EngineFailed("broken"), error_after=5),
)
ASKED: tuple[dict[str, Any], ...] = (
    {"deadline_ms": 1},
    {"deadline_ms": 100},
    {"deadline_ms": 800},
    {"deadline_ms": 600, "n": 4},
    {"deadline_ms": 600, "stream": True},
    {"deadline": {"ms": 500, "on_miss": "error"}},
    {"consensus": 3},
    {"consensus": 3, "stream": True},
    {"consensus": 5, "deadline_ms": 700},
)
PATIENCE_S = (0.01, 0.2, 5.0, 5.0)
"""How long clients wait before they leave."""
EVERYTHING_S = 8.0
"""By then the deafest engine has been left alone."""


@pytest.mark.parametrize("seed", [2, 3])
async def test_no_slot_is_lost_to_clients_that_leave_or_engines_that_fail(seed: int) -> None:
    chance = random.Random(seed)
    engines = [ScriptedEngine(chance.choices(SCRIPTS, k=60)) for _ in range(2)]
    replicas = [
        Replica(
            NoUpstream(),
            engine,
            ("abacus",),
            max_model_len=2048,
            capacity=chance.choice([1, 3, None]),
            max_queue=chance.choice([0, 2, 20]),
            under_load=chance.choice(["shorten", "triage", "refuse"]),
        )
        for engine in engines
    ]

    async def ask(client: httpx.AsyncClient) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(chance.choice(PATIENCE_S)):
                answered = await client.post(CHAT_PATH, json=chat(**chance.choice(ASKED)))
                assert answered.status_code in {200, 400, 502, 503, 504}

    async def restart(replica: Replica) -> None:
        await replica.take_down(NoUpstream())
        await asyncio.sleep(0.1)
        replica.ready = True

    async with gateway(pool=ReplicaPool(replicas)) as client, asyncio.TaskGroup() as tasks:
        for number in range(60):
            tasks.create_task(ask(client))
            await asyncio.sleep(chance.random() * 0.02)
            if number % 20 == 10:
                tasks.create_task(restart(chance.choice(replicas)))

    def idle() -> bool:
        counts = [(r.in_flight, r.admission.in_flight, r.admission.queued) for r in replicas]
        paces = [(r.pace.running, r.pace.waiting) for r in replicas]
        still = [engine.running for engine in engines]
        return counts == [(0, 0, 0)] * 2 and paces == [(0, 0)] * 2 and still == [0, 0]

    await until(idle, EVERYTHING_S)
