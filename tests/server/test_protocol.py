import asyncio
import json
import time
from contextlib import suppress
from typing import Any, cast

import pytest

from quorate_server.gateway.asgi import Receive, Scope, Send
from quorate_server.gateway.hotpath import Limits
from quorate_server.protocol import GatewayProtocol
from tests.server.gateway.harness import ASKED, Gateway, answer, gateway, read_answer, request_bytes
from tests.server.http1.scripted import Request, until


class Impatient(GatewayProtocol):
    head_timeout_s = 0.05
    body_timeout_s = 0.1
    max_head_bytes = 2000


async def seconds_until_closed(gw: Gateway, *writes: bytes, every_s: float = 0.0) -> float:
    loop = asyncio.get_running_loop()
    reader, writer = await gw.connect()
    started = loop.time()
    for data in writes:
        if not reader.at_eof() and reader.exception() is None:
            writer.write(data)
        await asyncio.sleep(every_s)
    with suppress(ConnectionError):
        async with asyncio.timeout(2):
            await reader.read()
    writer.close()
    return loop.time() - started


async def test_a_connection_that_says_nothing_is_closed() -> None:
    async with gateway(answer, protocol=Impatient) as gw:
        assert 0.04 < await seconds_until_closed(gw) < 1


@pytest.mark.parametrize("dripped", [b"POST / HTTP/1.1\r\nx: yyyyyyyyyyyyyyyyyyy", b"\r\n" * 20])
async def test_a_head_that_drips_is_not_waited_for(dripped: bytes) -> None:
    async with gateway(answer, protocol=Impatient) as gw:
        drops = [dripped[i : i + 1] for i in range(len(dripped))]
        assert await seconds_until_closed(gw, *drops, every_s=0.005) < 1
        assert gw.engine.requests == []


async def test_a_kept_connection_cannot_be_held_by_saying_nothing_slowly() -> None:
    async with gateway(answer, protocol=Impatient) as gw:
        kept = request_bytes().replace(b"connection: close\r\n", b"")
        assert await seconds_until_closed(gw, kept, *[b"\r\n"] * 30, every_s=0.005) < 1
        assert len(gw.engine.requests) == 1


async def test_what_follows_a_body_that_was_refused_is_not_looked_at() -> None:
    async with gateway(answer, limits=Limits(max_body_bytes=10)) as gw:
        reader, writer = await gw.connect()
        chunked = request_bytes(b"", headers=["content-length: 0"]).replace(
            b"content-length: 0", b"transfer-encoding: chunked"
        )
        writer.write(chunked + b"14\r\n" + b" " * 20 + b"\r\n")
        async with asyncio.timeout(2):
            raw = await reader.read()
        assert b" 413 " in raw
        writer.write(b"0\r\n\r\n" + request_bytes())
        await asyncio.sleep(0.05)
        assert gw.engine.requests == []


async def test_a_body_that_never_comes_is_answered_with_408() -> None:
    async with gateway(answer, protocol=Impatient) as gw:
        reader, writer = await gw.connect()
        writer.write(request_bytes(b'{"model"', headers=["content-length: 100"]))
        got = await read_answer(reader, writer)
        assert (got.status, got.error["code"]) == (408, "body_timeout")
        assert got.headers["x-request-id"]
        await until(lambda: gw.hot.in_flight == 0)
        assert gw.engine.requests == []


async def test_an_answer_may_take_longer_than_a_head_or_a_body() -> None:
    async def slow(request: Any) -> None:
        await asyncio.sleep(0.3)
        await answer(request)

    async with gateway(slow, protocol=Impatient) as gw:
        assert (await gw.ask()).status == 200


async def test_pipelined_requests_are_answered_in_turn() -> None:
    async def slow(request: Any) -> None:
        await asyncio.sleep(0.15)
        await answer(request)

    async with gateway(slow, protocol=Impatient) as gw:
        reader, writer = await gw.connect()
        kept = request_bytes().replace(b"connection: close\r\n", b"")
        writer.write(kept + kept + request_bytes())
        async with asyncio.timeout(3):
            raw = await reader.read()
        assert raw.count(b"HTTP/1.1 200 OK") == 3
        writer.close()


async def test_a_head_that_is_too_large_is_refused() -> None:
    async with gateway(answer, protocol=Impatient) as gw:
        reader, writer = await gw.connect()
        writer.write(b"POST / HTTP/1.1\r\nx: " + b"y" * 3000)
        got = await read_answer(reader, writer)
        assert got.status == 431
        assert got.error["type"] == "invalid_request_error"


async def test_what_is_not_http_is_refused_in_the_envelope() -> None:
    async with gateway(answer) as gw:
        reader, writer = await gw.connect()
        writer.write(b"SSH-2.0-OpenSSH_9\r\n\r\n")
        got = await read_answer(reader, writer)
        assert got.status == 400
        assert got.error["type"] == "invalid_request_error"
        assert got.headers["x-request-id"]


async def test_the_arrival_is_that_of_the_first_byte_whatever_clock_the_loop_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "time", lambda: time.monotonic() + 1e6)
    scopes: list[Scope] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with gateway(answer, inner=inner) as gw:
        reader, writer = await gw.connect()
        request = request_bytes(b"", path="/x")
        before = time.monotonic()
        writer.write(request[:1])
        await asyncio.sleep(0.1)
        writer.write(request[1:])
        await read_answer(reader, writer)
        assert before <= scopes[0]["quorate.arrived_at"] < before + 0.09


async def test_a_short_answer_is_one_packet() -> None:
    async with gateway(answer) as gw:
        reader, writer = await gw.connect()
        writer.write(request_bytes().replace(b"connection: close\r\n", b""))
        first = await reader.read(65_536)
        head, _, body = first.partition(b"\r\n\r\n")
        assert b"200 OK" in head
        assert json.loads(body)["object"] == "chat.completion"
        writer.close()


class Forsaking(GatewayProtocol):
    write_timeout_s = 0.2


async def endless(request: Request) -> None:
    await request.start_stream()
    with suppress(ConnectionError):
        while not request.gone.is_set():
            await request.chunk(b"data: " + b"x" * 60_000 + b"\n\n")


async def test_a_client_that_never_reads_is_dropped_and_its_generation_stopped() -> None:
    async with gateway(endless, protocol=Forsaking) as gw:
        _, writer = await gw.connect()
        cast(asyncio.Transport, writer.transport).pause_reading()
        writer.write(request_bytes({**ASKED, "stream": True}))
        await until(lambda: gw.hot.in_flight == 1)
        await until(lambda: gw.hot.in_flight == 0)
        await until(gw.engine.requests[0].gone.is_set)
        assert gw.replica.in_flight == 0


async def test_a_client_that_reads_slowly_is_not_dropped() -> None:
    async def long(request: Request) -> None:
        await request.start_stream()
        for _ in range(100):
            await request.chunk(b"data: " + b"x" * 60_000 + b"\n\n")
        await request.end_stream()

    async with gateway(long, protocol=Forsaking) as gw:
        reader, writer = await gw.connect()
        transport = cast(asyncio.Transport, writer.transport)
        writer.write(request_bytes({**ASKED, "stream": True}))
        got = 0
        while piece := await reader.read(250_000):
            got += len(piece)
            transport.pause_reading()
            await asyncio.sleep(0.03)
            transport.resume_reading()
        assert got > 6_000_000


async def test_what_a_closed_connection_still_holds_is_not_kept_for_ever() -> None:
    async def large(request: Request) -> None:
        await request.answer(b"1" * 20_000_000)

    async with gateway(large, protocol=Forsaking) as gw:
        reader, writer = await gw.connect()
        cast(asyncio.Transport, writer.transport).pause_reading()
        writer.write(request_bytes())  # it says `connection: close`
        await until(lambda: bool(gw.engine.requests))
        await asyncio.sleep(0.6)
        cast(asyncio.Transport, writer.transport).resume_reading()
        with suppress(ConnectionError):
            assert len(await reader.read()) < 20_000_000
