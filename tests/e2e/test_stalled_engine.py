"""A real engine that stops in the middle of a token: nobody is late, and nothing goes on after."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.e2e.engine_counters import running_requests
from tests.e2e.served import Served, serving

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

CHAT = "/v1/chat/completions"
BUDGET_S = 1.5
SLACK_S = 0.25
"""The client's own share of busy cores."""


@pytest.fixture(scope="module")
def server(needs_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of this module's own, to be ill-treated."""
    with serving(tmp_path_factory.mktemp("stalled")) as server:
        server.wait_until_ready(240)
        yield server


@contextmanager
def frozen(server: Served) -> Iterator[None]:
    """The engine's processes stand still, its sockets stay open."""
    group = server.engine_group()
    os.killpg(group, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(group, signal.SIGCONT)


def asked(**fields: Any) -> dict[str, Any]:
    question = {"role": "user", "content": "What is 812-345+67*8-219+36*7+941-58*6+77*9?"}
    return {
        "model": "abacus",
        "messages": [question],
        "max_tokens": 8000,
        "ignore_eos": True,
        "deadline_ms": round(BUDGET_S * 1000),
        **fields,
    }


@pytest.mark.parametrize("after_s", [0.0, 0.4], ids=["before a token", "in a thought"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("consensus", [None, 8], ids=["plain", "group"])
async def test_a_frozen_engine_makes_nobody_late_and_keeps_nothing(
    server: Served, consensus: int | None, stream: bool, after_s: float
) -> None:
    async with httpx.AsyncClient(base_url=server.base_url, timeout=20) as client:
        body = asked(consensus=consensus, stream=stream)
        began_at = time.monotonic()
        answering = asyncio.create_task(client.post(CHAT, json=body))
        await asyncio.sleep(after_s)
        with frozen(server):
            answer = await answering
            elapsed_s = time.monotonic() - began_at
            during = await client.post(CHAT, json=asked(deadline_ms=500, consensus=consensus))
    assert elapsed_s < BUDGET_S + SLACK_S
    for told in (answer, during):
        assert told.status_code in (200, 400, 502, 503, 504)
        assert told.content
    give_up_at = time.monotonic() + 5
    while await asyncio.to_thread(running_requests, server.engine_url()):
        assert time.monotonic() < give_up_at, "the engine goes on for nobody"
        await asyncio.sleep(0.1)
    assert server.chat().status_code == 200
