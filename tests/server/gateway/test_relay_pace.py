"""What plain requests teach of the engine's pace, and how they count in its load."""

import asyncio
import json
from typing import cast

import pytest

from tests.server.gateway.harness import (
    ASKED,
    DONE,
    USAGE,
    answer,
    chunk,
    data_event,
    gateway,
    request_bytes,
)
from tests.server.http1.scripted import Request, until

STREAMED = {**ASKED, "stream": True}


async def slowly(request: Request) -> None:
    """The first chunk after 50 ms, the fifth and last token 80 ms later."""
    await asyncio.sleep(0.05)
    await request.start_stream()
    await request.chunk(chunk({"content": "4"}))
    await asyncio.sleep(0.08)
    await request.chunk(data_event({"choices": [], "usage": USAGE}) + DONE)
    await request.end_stream()


async def test_a_stream_that_is_passed_on_teaches_the_pace() -> None:
    async with gateway(slowly) as gw:
        await gw.ask(STREAMED)
        pace = gw.replica.pace
        assert 0.04 < pace.first_token_s(0.5) < 0.1
        assert 0.015 < pace.token_s(0.5) < 0.03
        assert (pace.running, pace.waiting) == (0, 0)


@pytest.mark.parametrize("body", [ASKED, {**STREAMED, "n": 3}])
async def test_what_is_not_one_stream_is_part_of_the_load_and_no_more(body) -> None:
    during: list[int] = []

    async def script(request: Request) -> None:
        during.append(gw.replica.pace.running)
        await answer(request)

    async with gateway(script) as gw:
        await gw.ask(body)
        pace = gw.replica.pace
        assert during == [body.get("n", 1)]
        assert pace.accuracy["first_token"].count == 0
        assert (pace.running, pace.waiting) == (0, 0)


async def test_a_request_the_engine_refuses_teaches_nothing() -> None:
    async def refuse(request: Request) -> None:
        await request.answer(json.dumps({"error": {"message": "no"}}).encode(), status=400)

    async with gateway(refuse) as gw:
        assert (await gw.ask(STREAMED)).status == 400
        pace = gw.replica.pace
        assert pace.accuracy["first_token"].count == 0
        assert (pace.running, pace.waiting) == (0, 0)


async def test_a_client_that_leaves_is_no_load_any_more() -> None:
    async def never(request: Request) -> None:
        await request.start_stream()
        await request.chunk(chunk({"content": "4"}))
        await asyncio.Event().wait()

    async with gateway(never) as gw:
        reader, writer = await gw.connect()
        writer.write(request_bytes(STREAMED))
        await reader.readuntil(b'"4"')
        assert gw.replica.pace.running == 1
        writer.close()
        await until(lambda: not gw.replica.pace.running)
        assert gw.replica.pace.waiting == 0


async def test_a_client_that_reads_slowly_does_not_make_the_engine_look_slow() -> None:
    large = chunk({"content": "x" * 2**20})

    async def script(request: Request) -> None:
        await request.start_stream()
        for _ in range(30):
            await request.chunk(large)
        await request.chunk(data_event({"choices": [], "usage": USAGE}) + DONE)
        await request.end_stream()

    async with gateway(script) as gw:
        reader, writer = await gw.connect()
        writer.write(request_bytes(STREAMED))
        await reader.readuntil(b"HTTP")
        reading = cast(asyncio.ReadTransport, writer.transport)
        reading.pause_reading()
        await asyncio.sleep(0.3)
        reading.resume_reading()
        async with asyncio.timeout(5):
            await reader.read()
        writer.close()
        pace = gw.replica.pace
        assert pace.accuracy["first_token"].count == 1
        assert pace.accuracy["token"].count == 0
