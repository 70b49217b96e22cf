"""The load generator against scripted sockets: what it sends, and what it says came of it."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from benchmarks.deadline.exchange import Exchange
from benchmarks.deadline.generator import Ask, ClosedLoop, send_all
from tests.listening import Listener

Script = Callable[[dict, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def scripted(
    script: Script, left: asyncio.Event | None = None
) -> AsyncIterator[tuple[str, list[dict]]]:
    """A server that answers each request by `script`; its URL, and the bodies it got.

    `left` is set when a client has closed its connection.
    """
    got: list[dict] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
                body = json.loads(await reader.readexactly(length))
                got.append(body)
                await script(body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            if left is not None:
                left.set()

    async with Listener(serve) as listener:
        yield f"http://127.0.0.1:{listener.port}", got


def answer(status: int, body: bytes, *, more: str = "") -> bytes:
    return f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n{more}\r\n".encode() + body


async def echo(body: dict, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(200, json.dumps(body).encode()))
    await writer.drain()


def asks(count: int, *, every_s: float = 0.0, give_up_s: float = 5.0) -> list[Ask]:
    return [Ask(n * every_s, give_up_s, {"n": n}) for n in range(count)]


async def test_outcomes_come_in_the_order_of_the_plan_with_their_bodies() -> None:
    async with scripted(echo) as (url, _):
        outcomes = await send_all(url, asks(20, every_s=0.005))
    assert [json.loads(outcome.body)["n"] for outcome in outcomes] == list(range(20))
    assert all(outcome.status == 200 for outcome in outcomes)
    assert all(0 <= outcome.server_s <= outcome.client_s for outcome in outcomes)
    assert all(outcome.at_s >= n * 0.005 for n, outcome in enumerate(outcomes))


async def test_an_error_and_its_body_are_told() -> None:
    async def refuse(_: dict, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(503, b"{}"))

    async with scripted(refuse) as (url, _):
        (outcome,) = await send_all(url, asks(1))
    assert (outcome.status, outcome.body) == (503, "{}")


async def test_an_answer_that_comes_in_pieces_ends_with_its_last() -> None:
    async def drip(_: dict, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n")
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.write(b"1\r\nc\r\n0\r\n\r\n")

    async with scripted(drip) as (url, _):
        (outcome,) = await send_all(url, asks(1))
    assert outcome.body == "abc"
    assert outcome.server_s >= 0.1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux stamps what a TCP socket gets")
async def test_the_kernels_stamp_is_earlier_than_a_busy_reader() -> None:
    async def at_once(body: dict, writer: asyncio.StreamWriter) -> None:
        await echo(body, writer)
        time.sleep(0.2)  # noqa: ASYNC251 - the reader's loop is blocked after the answer went out

    async with scripted(at_once) as (url, _):
        (outcome,) = await send_all(url, asks(1))
    assert outcome.server_s < 0.1
    assert outcome.client_s > 0.15


async def test_a_client_that_gives_up_closes_its_connection() -> None:
    async def say_nothing(_: dict, writer: asyncio.StreamWriter) -> None:
        pass

    left = asyncio.Event()
    async with scripted(say_nothing, left) as (url, got):
        (outcome,) = await send_all(url, asks(1, give_up_s=0.05))
        async with asyncio.timeout(2):
            await left.wait()
    assert outcome.status == 0
    assert len(got) == 1


async def test_a_broken_answer_and_a_server_that_is_gone_are_no_answer() -> None:
    async def break_off(_: dict, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nabc")
        writer.close()

    async with scripted(break_off) as (url, _):
        broken = await send_all(url, asks(1))
    gone = await send_all(url, asks(1))
    assert [outcome.status for outcome in broken + gone] == [0, 0]


async def test_a_connection_the_server_has_closed_is_not_used_again() -> None:
    async def close_after(body: dict, writer: asyncio.StreamWriter) -> None:
        await echo(body, writer)
        writer.close()

    async with scripted(close_after) as (url, got):
        outcomes = await send_all(url, asks(3, every_s=0.1))
    assert [outcome.status for outcome in outcomes] == [200, 200, 200]
    assert len(got) == 3


async def test_a_connection_is_usable_until_it_is_closed() -> None:
    async with scripted(echo) as (url, _):
        exchange = await Exchange.connect("127.0.0.1", int(url.rpartition(":")[2]))
        assert exchange.is_usable()
        exchange.close()
    assert not exchange.is_usable()


async def test_a_closed_loop_has_so_many_in_flight_and_stops_in_time() -> None:
    busy, most = 0, 0

    async def slowly(body: dict, writer: asyncio.StreamWriter) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.05)
        busy -= 1
        await echo(body, writer)

    async with scripted(slowly) as (url, got):
        outcomes = await send_all(url, asks(100), ClosedLoop(3, 0.4))
    assert most == 3
    answered = [outcome for outcome in outcomes if outcome.status == 200]
    assert 3 <= len(answered) < len(got) + 1 <= 40
