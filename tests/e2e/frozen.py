"""An engine that stops in the middle of a token, and what became of all that was asked of it."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.e2e.served import Served

BUDGET_S = 1.5
MEANWHILE_S = 0.5
"""The budget of those that come while it stands still."""
THINKING_S = 0.4
"""How long some have been at it when the engine stops."""
KINDS = tuple((group, stream) for group in (None, 8) for stream in (False, True))


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and the seconds it took to its last byte."""

    asked: dict[str, Any]
    budget_s: float
    elapsed_s: float
    answer: httpx.Response


async def told_by_a_frozen_engine(server: Served) -> list[Told]:
    """Requests in a thought, before their first token and begun meanwhile, when it stands still.

    It goes on when all of them have been told.
    """
    async with httpx.AsyncClient(base_url=server.base_url, timeout=20) as client:

        def ask(group: int | None, stream: bool, budget_s: float) -> asyncio.Task[Told]:
            return asyncio.create_task(_timed(client, budget_s, consensus=group, stream=stream))

        in_a_thought = [ask(*kind, BUDGET_S) for kind in KINDS]
        await asyncio.sleep(THINKING_S)
        before_a_token = [ask(*kind, BUDGET_S) for kind in KINDS]
        await asyncio.sleep(0)
        with frozen(server):
            told = await asyncio.gather(*in_a_thought, *before_a_token)
            told += await asyncio.gather(*(ask(group, False, MEANWHILE_S) for group in (None, 8)))
    return told


@contextmanager
def frozen(server: Served) -> Iterator[None]:
    """The engine's processes stand still, its sockets stay open."""
    group = server.engine_group()
    os.killpg(group, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(group, signal.SIGCONT)


async def _timed(client: httpx.AsyncClient, budget_s: float, **fields: Any) -> Told:
    body = {
        "model": "abacus",
        "messages": [{"role": "user", "content": "What is 812-345+67*8-219+36*7+941-58*6+77*9?"}],
        "max_tokens": 8000,
        "ignore_eos": True,
        "deadline_ms": round(budget_s * 1000),
        **fields,
    }
    began_at = time.monotonic()
    answer = await client.post("/v1/chat/completions", json=body)
    return Told(fields, budget_s, time.monotonic() - began_at, answer)
