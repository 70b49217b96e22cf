"""The network's time is learned from every kind of call, in time or not, of both clients."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from quorate import DeadlineExceeded
from quorate.deadline import Deadline
from quorate.http_library import httpx
from quorate.traffic import Traffic
from tests.sdk.conftest import Connect, Serve
from tests.sdk.said import MODELS, decided, stream, whole
from tests.sdk.said import completion as completed
from tests.sdk.scripted_server import Call, Step

WAY_S = 0.04
EARLY_S = 0.015
BUDGET_S = 0.6
CALLS = 8
URL = "http://quorate.test/v1"
BODIES_THAT_SAY_NOTHING = {
    "empty": b"",
    "a list": b"[]",
    "cut": b'{"deadline',
    "not text": b"\xff",
    "another deadline": b'{"deadline": 3}',
    "less than no time": b'{"deadline": {"elapsed_ms": -1e308}}',
    "no number": b'{"deadline": {"elapsed_ms": NaN}}',
    "a huge number": b'{"deadline": {"elapsed_ms": 1' + b"0" * 400 + b"}}",
    "nested without end": b"[" * 100_000,
}
CALLING = {
    "create": lambda client: client.create(budget=BUDGET_S),
    "ask": lambda client: client.ask("What is 12+34?", deadline=BUDGET_S),
}


def far_away(call: Call) -> Iterator[Step]:
    """A server that uses nearly all it is given, behind a network."""
    if call.path.endswith("/models"):
        yield whole(MODELS)
        return
    told_s = float(call.headers["x-quorate-deadline-ms"]) / 1000
    says = {"elapsed_ms": (told_s - EARLY_S) * 1000}
    yield WAY_S
    yield max(0.0, told_s - EARLY_S)
    yield WAY_S
    if call.body.get("stream"):
        first, *rest = decided()
        yield from stream({**first, "deadline": says}, *rest)
    else:
        yield whole(completed(deadline=says))


def quick(call: Call) -> Iterator[Step]:
    """A server that says it took no time, behind the same network."""
    yield 2 * WAY_S
    yield whole(completed(deadline={"elapsed_ms": 0}))


def told_s(call: Call) -> float:
    return float(call.headers["x-quorate-deadline-ms"]) / 1000


@pytest.mark.parametrize("ask", CALLING.values(), ids=CALLING)
def test_calls_that_are_late_teach_it_until_they_are_in_time(
    serve: Serve, connect: Connect, ask: Any
) -> None:
    client = connect(serve(far_away), max_retries=0)
    in_time = 0
    for _ in range(CALLS):
        with suppress(DeadlineExceeded):
            ask(client)
            in_time += 1
    assert in_time >= 2


def test_a_call_in_time_teaches_the_next_one(serve: Serve, connect: Connect) -> None:
    server = serve(quick)
    client = connect(server)
    client.create(budget=5.0)
    client.create(budget=5.0)
    first, second = map(told_s, server.asked)
    assert first - second > WAY_S


async def test_a_call_that_its_caller_gives_up_before_the_deadline_teaches_nothing() -> None:
    traffic = Traffic(URL)
    before = traffic.allowance.of(BUDGET_S)
    with suppress(asyncio.CancelledError), traffic.attempt(Deadline.after(60.0)):
        raise asyncio.CancelledError
    assert traffic.allowance.of(BUDGET_S) == before


@pytest.mark.parametrize("body", BODIES_THAT_SAY_NOTHING.values(), ids=BODIES_THAT_SAY_NOTHING)
def test_a_body_that_says_nothing_teaches_nothing(body: bytes) -> None:
    traffic = Traffic(URL)
    before = traffic.allowance.of(BUDGET_S)
    traffic.learn(httpx.Response(200, content=body), 1.0)
    assert traffic.allowance.of(BUDGET_S) == before
