import asyncio

import pytest

from quorate_server.errors import EngineFailed
from quorate_server.http1 import HttpOrigin
from tests.server.http1.scripted import Request, ScriptedServer, hello, until


async def test_a_large_body_arrives_whole() -> None:
    body = bytes(range(256)) * 20_000
    async with ScriptedServer(hello) as server:
        origin = HttpOrigin(server.url)
        await (await origin.send("POST", "/", body=body)).read()
        await origin.aclose()
    assert server.requests[0].body == body


async def test_a_chunked_body_comes_in_pieces_and_leaves_the_connection_usable() -> None:
    async def script(request: Request) -> None:
        await request.start_stream()
        for piece in (b"one", b"two", b"three"):
            await request.chunk(piece)
        await request.end_stream()

    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        for _ in range(2):
            response = await origin.send("GET", "/")
            assert b"".join([piece async for piece in response]) == b"onetwothree"
        assert server.connections == 1
        await origin.aclose()


async def test_a_body_without_length_ends_with_the_connection() -> None:
    async def script(request: Request) -> None:
        await request.write(b"HTTP/1.1 200 OK\r\n\r\nhel")
        await request.write(b"lo")
        request.hang_up()

    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        response = await origin.send("GET", "/")
        assert await response.read() == b"hello"
        await until(lambda: origin.open_connections == 0)
        await origin.aclose()


@pytest.mark.parametrize("method", ["HEAD", "GET"])
async def test_no_body_is_waited_for_where_none_can_follow(method: str) -> None:
    status = b"200 OK" if method == "HEAD" else b"204 No Content"
    length = b"content-length: 5\r\n" if method == "HEAD" else b""

    async def script(request: Request) -> None:
        await request.write(b"HTTP/1.1 %b\r\n%b\r\n" % (status, length))

    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        async with asyncio.timeout(1):
            assert await (await origin.send(method, "/")).read() == b""
            assert await (await origin.send(method, "/")).read() == b""
        await origin.aclose()


async def test_interim_responses_are_passed_over() -> None:
    async def script(request: Request) -> None:
        await request.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\n")
        await request.answer(b"hello")

    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        response = await origin.send("POST", "/", body=b"x")
        assert (response.status, await response.read()) == (200, b"hello")
        assert b"link" not in dict(response.headers)
        await origin.aclose()


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
    ],
)
async def test_a_body_that_breaks_off_is_a_failure_not_an_end(start: bytes) -> None:
    async def script(request: Request) -> None:
        await request.write(start)
        request.hang_up()

    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        response = await origin.send("GET", "/")
        with pytest.raises(EngineFailed):
            await response.read()
        await origin.aclose()


async def test_a_slow_reader_holds_the_peer_back() -> None:
    sent = 0
    total = 64 * 2**20

    async def script(request: Request) -> None:
        nonlocal sent
        await request.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % total)
        piece = bytes(65_536)
        while sent < total:
            await request.write(piece)
            sent += len(piece)

    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        response = await origin.send("GET", "/")
        before = -1
        while sent != before:  # until nothing moves any more
            before = sent
            await asyncio.sleep(0.05)
        assert sent < total / 4, "all that is not read fits into the sockets' buffers"
        largest = received = 0
        async for piece in response:
            largest = max(largest, len(piece))
            received += len(piece)
        assert received == total
        assert largest < 2**20
        await origin.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 two OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_not_http_is_a_failure(answer: bytes) -> None:
    async def script(request: Request) -> None:
        await request.write(answer)
        await request.gone.wait()

    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        with pytest.raises(EngineFailed):
            async with asyncio.timeout(2):
                await (await origin.send("GET", "/")).read()
        await until(lambda: origin.open_connections == 0)
        await origin.aclose()


async def test_a_head_without_end_is_refused() -> None:
    async def script(request: Request) -> None:
        await request.write(b"HTTP/1.1 200 OK\r\n")
        while not request.gone.is_set():
            await request.write(b"x-more: " + b"y" * 8000 + b"\r\n")

    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        with pytest.raises(EngineFailed, match="head without end"):
            await origin.send("GET", "/")
        await origin.aclose()


async def test_more_than_was_announced_does_not_reach_the_next_answer() -> None:
    async def script(request: Request) -> None:
        extra = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil" if not request.number else b""
        await request.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok" + extra)

    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        for _ in range(2):
            assert await (await origin.send("GET", "/")).read() == b"ok"
        assert server.connections == 2
        await origin.aclose()
