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
THINKING_S = 0.4
"""How long some have been at it when the engine stops."""
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


async def timed(client: httpx.AsyncClient, body: dict[str, Any]) -> tuple[float, httpx.Response]:
    """An answer, and how many seconds it took to its last byte."""
    began_at = time.monotonic()
    answer = await client.post(CHAT, json=body)
    return time.monotonic() - began_at, answer


async def test_a_frozen_engine_makes_nobody_late_and_keeps_nothing(server: Served) -> None:
    kinds = [
        {"consensus": group, "stream": stream} for group in (None, 8) for stream in (False, True)
    ]
    meanwhile = [{"consensus": group, "deadline_ms": 500} for group in (None, 8)]
    async with httpx.AsyncClient(base_url=server.base_url, timeout=20) as client:

        def ask(fields: dict[str, Any]) -> asyncio.Task[tuple[float, httpx.Response]]:
            return asyncio.create_task(timed(client, asked(**fields)))

        in_a_thought = [ask(kind) for kind in kinds]
        await asyncio.sleep(THINKING_S)
        before_a_token = [ask(kind) for kind in kinds]
        await asyncio.sleep(0)
        with frozen(server):
            answers = await asyncio.gather(*in_a_thought, *before_a_token)
            others = await asyncio.gather(*map(ask, meanwhile))
    for fields, (elapsed_s, answer) in zip(
        [*kinds, *kinds, *meanwhile], [*answers, *others], strict=True
    ):
        budget_s = asked(**fields)["deadline_ms"] / 1000
        assert elapsed_s < budget_s + SLACK_S, fields
        assert answer.status_code in (200, 400, 502, 503, 504), fields
        assert answer.content, fields
    give_up_at = time.monotonic() + 5
    while await asyncio.to_thread(running_requests, server.engine_url()):
        assert time.monotonic() < give_up_at, "the engine goes on for nobody"
        await asyncio.sleep(0.1)
    assert server.chat().status_code == 200
