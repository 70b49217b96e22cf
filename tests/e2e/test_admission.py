"""More than a real engine can do: who is let in is in time, who is not hears it at once."""

import asyncio
import random
import re
import time
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from quorate_server.admission.refusing import REASONS
from tests.e2e.engine_counters import SETTLED_AFTER_S, running_requests

pytestmark = [pytest.mark.engine, pytest.mark.timeout(180)]

CHAT = "/v1/chat/completions"
LONG = "What is 812-345+67*8-219+36*7+941-58*6+77*9-603+418?"
SECONDS = 4.0
RATE = 150.0
"""Requests a second: several times what two cores answer, however short they think."""
BUDGETS_MS = (500, 1000, 2000)
IN_VAIN = REASONS["waited_in_vain"]
"""Told to who was let wait on a forecast that failed: with it no budget that would have done."""


@dataclass(frozen=True)
class Told:
    """One answer, and how long the client waited for it, its own share of busy cores included."""

    status: int
    seconds: float
    budget_ms: int
    body: dict[str, Any]
    headers: httpx.Headers


async def flood(base_url: str) -> list[Told]:
    """Poisson arrivals at RATE, whatever becomes of the requests before."""
    chance = random.Random(11)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=base_url, timeout=30, limits=limits) as client:

        async def ask(number: int) -> Told:
            budget_ms = BUDGETS_MS[number % len(BUDGETS_MS)]
            body = {
                "model": "abacus",
                "messages": [{"role": "user", "content": LONG}],
                "deadline_ms": budget_ms,
                "seed": number,
            }
            began_at = time.monotonic()
            answered = await client.post(CHAT, json=body)
            seconds = time.monotonic() - began_at
            return Told(answered.status_code, seconds, budget_ms, answered.json(), answered.headers)

        asked: list[asyncio.Task[Told]] = []
        due = time.monotonic()
        until = due + SECONDS
        async with asyncio.TaskGroup() as tasks:
            while due < until:
                due += chance.expovariate(RATE)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                asked.append(tasks.create_task(ask(len(asked))))
    return [task.result() for task in asked]


async def test_a_flood_is_answered_in_time_as_far_as_it_goes_and_the_rest_refused(
    base_url: str, engine_url: str
) -> None:
    told = await flood(base_url)
    answered = [each for each in told if each.status == 200]
    refused = [each for each in told if each.status == 503]
    assert {each.status for each in told} <= {200, 503, 504}
    assert answered
    assert all(each.body["deadline"]["met"] for each in answered)
    for each in refused:
        assert each.body["error"]["code"] == "overloaded"
        assert each.headers["x-should-retry"] == "true"
        assert int(each.headers["retry-after-ms"]) > 0
        assert each.seconds < each.budget_ms / 1000
    foreseen = [each for each in refused if each.body["error"]["message"] != IN_VAIN]
    assert foreseen
    assert all(int(each.headers["x-quorate-earliest-ms"]) > 0 for each in foreseen)
    await asyncio.sleep(SETTLED_AFTER_S)
    assert running_requests(engine_url) == 0


async def test_after_a_flood_the_engine_serves_as_before(base_url: str) -> None:
    await flood(base_url)
    await asyncio.sleep(SETTLED_AFTER_S)
    async with httpx.AsyncClient(base_url=base_url, timeout=30) as client:
        body = {"model": "abacus", "messages": [{"role": "user", "content": "What is 1+2?"}]}
        for _ in range(3):
            answered = await client.post(CHAT, json={**body, "deadline_ms": 3000})
            assert answered.status_code == 200
        metrics = (await client.get("/metrics")).text
    for name in ("quorate_queue_length", "quorate_samples_in_flight", "quorate_engine_in_flight"):
        assert re.findall(rf"^{name}\{{.*\}} (\S+)$", metrics, re.MULTILINE) == ["0.0"], name


async def test_a_launched_engine_takes_deadlines_by_priority(
    base_url: str, engine_url: str
) -> None:
    body = {"model": "abacus", "prompt": "1", "max_tokens": 1, "priority": -5}
    async with httpx.AsyncClient(timeout=20) as client:
        assert (await client.post(engine_url + "/v1/completions", json=body)).status_code == 200
        plain = {"model": "abacus", "messages": [{"role": "user", "content": "What is 1+2?"}]}
        asked = {**plain, "priority": 7, "max_tokens": 8}
        assert (await client.post(base_url + CHAT, json=asked)).status_code == 200
        timed = {**asked, "deadline_ms": 3000}
        assert (await client.post(base_url + CHAT, json=timed)).status_code == 200


async def test_a_prompt_of_thousands_of_tokens_under_a_tiny_budget_is_told_so_at_once(
    base_url: str,
) -> None:
    words = "12+34-56+" * 180
    body = {
        "model": "abacus",
        "messages": [{"role": "user", "content": f"What is {words}1?"}],
        "deadline_ms": 60,
    }
    async with httpx.AsyncClient(base_url=base_url, timeout=20) as client:
        began_at = time.monotonic()
        refused = await client.post(CHAT, json=body)
        seconds = time.monotonic() - began_at
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "deadline_infeasible"
    assert int(refused.headers["x-quorate-earliest-ms"]) > 60
    assert refused.headers["x-should-retry"] == "false"
    assert seconds < 0.5
