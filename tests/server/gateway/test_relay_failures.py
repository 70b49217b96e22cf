import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from quorate_server.engines.hedge_budget import HedgeCounts
from quorate_server.engines.replica import Replica
from quorate_server.http1 import HttpOrigin
from quorate_server.ledger import Bill
from tests.server.gateway.harness import (
    ASKED,
    DONE,
    Gateway,
    answer,
    chunk,
    data_event,
    gateway,
    is_abort,
    request_bytes,
)
from tests.server.http1.scripted import Request, Script, ScriptedServer, until

STREAMED = {**ASKED, "stream": True}


def dying(answered: str) -> Script:
    """An engine that dies of each request, having said nothing, a head, or part of an answer."""

    async def script(request: Request) -> None:
        if answered == "failure":
            await request.answer(b'{"error": {"message": "the engine is dead"}}', status=500)
            return
        if answered != "nothing":
            await request.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        if answered == "part":
            await request.write(b'{"choices"')
        request.hang_up()

    return script


@pytest.mark.parametrize("answered", ["nothing", "head", "part"])
async def test_an_engine_that_dies_before_the_answer_is_a_gateway_error(answered: str) -> None:
    async with gateway(dying(answered)) as gw:
        got = await gw.ask()
        assert (got.status, got.error["code"]) == (502, "engine_failed")
        assert got.headers["x-should-retry"] == "true"
        assert gw.bills == [Bill("m", "plain", exact=False)]


@pytest.mark.parametrize("clean", [True, False])
async def test_an_engine_that_dies_mid_stream_is_told_and_never_done(clean: bool) -> None:
    async def script(request: Request) -> None:
        await request.start_stream()
        await request.chunk(chunk({"content": "a"}))
        if clean:
            await request.end_stream()
        request.hang_up()

    async with gateway(script) as gw:
        got = await gw.ask(STREAMED)
        first, last = got.events
        assert json.loads(first)["choices"]
        assert json.loads(last)["error"]["code"] == "engine_failed"
        assert gw.bills == [Bill("m", "plain", completion_tokens=1, exact=False)]


async def test_no_engine_is_unavailable_and_costs_nothing() -> None:
    async with gateway(answer) as gw:
        await gw.engine.__aexit__(None, None, None)
        got = await gw.ask()
        assert (got.status, got.error["code"]) == (503, "engine_unavailable")
        assert got.headers["retry-after"] == "1"
        assert gw.bills == [Bill("m", "plain")]


async def test_an_engine_that_is_restarting_is_unavailable() -> None:
    async with gateway(answer) as gw:
        gw.replica.ready = False
        assert (await gw.ask()).status == 503
        assert gw.bills == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "body", "told", "param", "exact"),
    [
        (400, {"error": {"message": "bad", "type": "BadRequestError", "param": "n", "code": 400}},
         400, "n", True),
        (401, {"error": "Unauthorized"}, 502, None, True),
        (500, {"error": {"message": "boom", "code": 500}}, 502, None, False),
    ],
)  # fmt: skip
async def test_an_engines_refusal_comes_in_our_envelope(
    stream: bool, status: int, body: dict[str, Any], told: int, param: str | None, exact: bool
) -> None:
    async def script(request: Request) -> None:
        await request.answer(json.dumps(body).encode(), status=status)

    async with gateway(script) as gw:
        got = await gw.ask({**ASKED, "stream": stream})
        assert (got.status, got.error["param"]) == (told, param)
        assert got.headers["content-type"] == "application/json"
        assert gw.bills == [Bill("m", "plain", exact=exact)]


async def test_an_error_event_of_the_engine_is_told_in_our_envelope() -> None:
    async def script(request: Request) -> None:
        await request.start_stream()
        await request.chunk(data_event({"error": {"message": "died", "code": 500}}) + DONE)
        await request.end_stream()

    async with gateway(script) as gw:
        (event,) = (await gw.ask(STREAMED)).events
        assert set(json.loads(event)["error"]) == {"message", "type", "param", "code"}
        assert gw.bills == [Bill("m", "plain", exact=False)]


async def test_a_stale_connection_to_the_engine_is_not_noticed() -> None:
    async def script(request: Request) -> None:
        if request.number:
            request.hang_up()
        else:
            await answer(request)

    async with gateway(script) as gw:
        for _ in range(4):
            assert (await gw.ask()).status == 200
        assert len(gw.bills) == 4


async def test_every_request_is_billed_once_whatever_happens() -> None:
    async def script(request: Request) -> None:
        asked = json.loads(request.body)
        if asked["n"] % 3 == 0:
            request.hang_up()
        elif asked["n"] % 3 == 1:
            await request.answer(b'{"error": "x"}', status=400)
        else:
            await answer(request)

    async with gateway(script) as gw:
        bodies = [{**ASKED, "n": n, "stream": bool(n & 1)} for n in range(30)]
        await asyncio.gather(*(gw.ask(body) for body in bodies))
        assert len(gw.bills) == 30
        assert gw.origin.open_connections == gw.origin.idle_connections


@asynccontextmanager
async def standing_by(gw: Gateway, script: Script) -> AsyncIterator[ScriptedServer]:
    """One more replica of the gateway's model, busier than those before it."""
    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        busier = Replica(origin, gw.replica.engine, gw.replica.model_ids)
        busier.in_flight = busy = len(gw.pool.replicas)
        gw.pool.replicas.append(busier)
        try:
            yield server
        finally:
            assert busier.in_flight == busy
            await origin.aclose()


@pytest.mark.parametrize("asked", [ASKED, STREAMED])
async def test_a_request_that_reached_no_engine_is_sent_to_another_one(asked: Any) -> None:
    async with gateway(answer) as gw, standing_by(gw, answer) as other:
        await gw.engine.__aexit__(None, None, None)
        assert (await gw.ask(asked)).status == 200
        assert len(other.requests) == 1
        assert gw.bills == [Bill("m", "plain", 7, 5)]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (ASKED, "nothing"),
        (ASKED, "head"),
        (ASKED, "part"),
        (ASKED, "failure"),
        (STREAMED, "nothing"),
        (STREAMED, "failure"),
    ],
)
async def test_an_engine_that_dies_before_the_client_heard_of_it_is_made_up_for_by_another_one(
    asked: Any, answered: str
) -> None:
    counts = HedgeCounts()
    async with (
        gateway(dying(answered), counts=counts) as gw,
        standing_by(gw, answer) as other,
    ):
        got = await gw.ask(asked)
        assert got.status == 200
        assert b"error" not in got.body
        assert (len(gw.engine.requests), len(other.requests)) == (1, 1)
        assert counts.failovers == 1
        assert gw.bills == [Bill("m", "plain", 7, 5, exact=False)], "the first may have generated"


async def test_a_request_that_engines_die_of_does_not_go_through_all_of_them() -> None:
    dies = dying("nothing")
    async with (
        gateway(dies) as gw,
        standing_by(gw, dies) as second,
        standing_by(gw, answer) as third,
    ):
        assert (await gw.ask()).error["code"] == "engine_failed"
        assert (len(second.requests), len(third.requests)) == (1, 0)
        assert gw.bills == [Bill("m", "plain", exact=False)]


async def test_one_that_cannot_be_reached_does_not_count_as_one_that_failed() -> None:
    counts = HedgeCounts()
    async with (
        gateway(dying("nothing"), counts=counts) as gw,
        standing_by(gw, answer) as gone,
        standing_by(gw, answer) as third,
    ):
        await gone.__aexit__(None, None, None)
        assert (await gw.ask()).status == 200
        assert len(third.requests) == 1
        assert counts.failovers == 2


async def test_a_refusal_is_told_and_not_asked_for_again() -> None:
    async def refuses(request: Request) -> None:
        await request.answer(b'{"error": {"message": "no"}}', status=400)

    async with gateway(refuses) as gw, standing_by(gw, answer) as other:
        assert (await gw.ask()).status == 400
        assert other.requests == []


async def test_a_stream_that_has_begun_is_not_begun_again() -> None:
    async def script(request: Request) -> None:
        await request.start_stream()
        request.hang_up()

    async with gateway(script) as gw, standing_by(gw, answer) as other:
        (event,) = (await gw.ask(STREAMED)).events
        assert json.loads(event)["error"]["code"] == "engine_failed"
        assert other.requests == []


async def test_nothing_is_begun_again_for_a_client_that_has_left() -> None:
    dies = asyncio.Event()

    async def script(request: Request) -> None:
        if is_abort(request):
            await request.answer()
            dies.set()
            return
        await dies.wait()
        request.hang_up()

    async with gateway(script, abort_by_id=True) as gw, standing_by(gw, answer) as other:
        _, writer = await gw.connect()
        writer.write(request_bytes())
        await until(lambda: bool(gw.engine.requests))
        writer.close()
        await until(lambda: bool(gw.bills))
        assert other.requests == []


async def test_every_engine_that_cannot_be_reached_is_tried_once() -> None:
    async with gateway(answer) as gw, standing_by(gw, answer) as other:
        await gw.engine.__aexit__(None, None, None)
        await other.__aexit__(None, None, None)
        assert (await gw.ask()).error["code"] == "engine_unavailable"
        assert gw.bills == [Bill("m", "plain")]


async def test_an_engine_asked_second_that_dies_is_billed_as_one_that_may_have_generated() -> None:
    async with gateway(answer) as gw, standing_by(gw, dying("nothing")):
        await gw.engine.__aexit__(None, None, None)
        assert (await gw.ask()).error["code"] == "engine_failed"
        assert gw.bills == [Bill("m", "plain", exact=False)]
