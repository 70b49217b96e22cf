import asyncio

import pytest

from quorate_server.errors import EngineFailed, EngineUnavailable
from quorate_server.http1 import HttpOrigin
from tests.server.http1.scripted import RawServer, Request, ScriptedServer, hello, until


async def test_a_connection_is_kept_for_the_next_request() -> None:
    async with ScriptedServer(hello) as server:
        origin = HttpOrigin(server.url)
        for _ in range(3):
            response = await origin.send("GET", "/x")
            assert (response.status, await response.read()) == (200, b"hello")
        assert server.connections == 1
        assert (origin.open_connections, origin.idle_connections) == (1, 1)
        await origin.aclose()
        assert origin.open_connections == 0


async def test_concurrent_requests_have_connections_of_their_own() -> None:
    together = asyncio.Barrier(5)

    async def script(request: Request) -> None:
        await together.wait()
        await request.answer()

    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        responses = await asyncio.gather(*(origin.send("GET", "/") for _ in range(5)))
        assert [await response.read() for response in responses] == [b"{}"] * 5
        assert (server.connections, origin.idle_connections) == (5, 5)
        await origin.aclose()


async def test_the_connection_used_last_is_taken_first() -> None:
    together = asyncio.Barrier(2)

    async def script(request: Request) -> None:
        if request.line.startswith(b"GET /both"):
            await together.wait()
        await request.answer()

    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        first, second = await asyncio.gather(
            origin.send("GET", "/both?1"), origin.send("GET", "/both?2")
        )
        await first.read()
        await second.read()
        await (await origin.send("GET", "/a")).read()
        await (await origin.send("GET", "/b")).read()
        used = [request.writer for request in server.requests[2:]]
        assert used[0] is used[1]
        await origin.aclose()


async def test_nobody_listening_is_unavailable() -> None:
    async with ScriptedServer(hello) as server:
        url = server.url
    with pytest.raises(EngineUnavailable, match="No connection to"):
        await HttpOrigin(url).send("GET", "/")


async def test_connecting_takes_no_longer_than_allowed() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with RawServer(mute) as server:
        origin = HttpOrigin(f"https://127.0.0.1:{server.port}", connect_timeout_s=0.05)
        with pytest.raises(EngineUnavailable, match=r"0\.05 s"):
            await origin.send("GET", "/")  # the handshake is never answered
        await origin.aclose()
        assert origin.open_connections == 0


async def test_a_fresh_connection_that_dies_is_not_tried_again() -> None:
    async def script(request: Request) -> None:
        request.hang_up()

    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        with pytest.raises(EngineFailed, match="closed the connection"):
            await origin.send("POST", "/", body=b"{}")
        assert len(server.requests) == 1
        await origin.aclose()


def stale_on_reuse(*, first_byte: bytes = b"", always: bool = False) -> "ScriptedServer":
    """Hangs up on a connection's second request (and then on all, if `always`)."""
    hung_up = False

    async def script(request: Request) -> None:
        nonlocal hung_up
        if request.number or (always and hung_up):
            hung_up = True
            if first_byte:
                await request.write(first_byte)
            request.hang_up()
        else:
            await request.answer(b"ok")

    return ScriptedServer(script)


async def test_a_stale_connection_is_replaced_once() -> None:
    async with stale_on_reuse() as server:
        origin = HttpOrigin(server.url)
        await (await origin.send("POST", "/", body=b"1")).read()
        response = await origin.send("POST", "/", body=b"2")
        assert await response.read() == b"ok"
        assert [request.body for request in server.requests] == [b"1", b"2", b"2"]
        await origin.aclose()


async def test_a_stale_connection_is_replaced_no_more_than_once() -> None:
    async with stale_on_reuse(always=True) as server:
        origin = HttpOrigin(server.url)
        await (await origin.send("POST", "/", body=b"1")).read()
        with pytest.raises(EngineFailed):
            await origin.send("POST", "/", body=b"2")
        assert len(server.requests) == 3
        await origin.aclose()


async def test_a_reused_connection_that_gave_a_byte_was_not_stale() -> None:
    async with stale_on_reuse(first_byte=b"H") as server:
        origin = HttpOrigin(server.url)
        await (await origin.send("POST", "/", body=b"1")).read()
        with pytest.raises(EngineFailed):
            await origin.send("POST", "/", body=b"2")
        assert len(server.requests) == 2
        await origin.aclose()


async def test_a_reused_connection_that_ends_late_had_an_engine_at_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("quorate_server.http1.connection.STALE_WINDOW_S", -1.0)  # any time is late
    async with stale_on_reuse() as server:
        origin = HttpOrigin(server.url)
        await (await origin.send("POST", "/", body=b"1")).read()
        with pytest.raises(EngineFailed):
            await origin.send("POST", "/", body=b"2")
        assert len(server.requests) == 2
        await origin.aclose()


async def test_an_idle_connection_that_the_peer_closes_leaves_the_pool_at_once() -> None:
    async with ScriptedServer(hello) as server:
        origin = HttpOrigin(server.url)
        await (await origin.send("GET", "/")).read()
        assert origin.idle_connections == 1
        server.requests[0].hang_up()
        await until(lambda: origin.idle_connections == 0 and origin.open_connections == 0)
        await origin.aclose()


async def test_an_idle_connection_on_which_something_arrives_leaves_the_pool() -> None:
    async with ScriptedServer(hello) as server:
        origin = HttpOrigin(server.url)
        await (await origin.send("GET", "/")).read()
        await server.requests[0].write(b"HTTP/1.1 408 Timeout\r\n\r\n")
        await until(lambda: origin.idle_connections == 0)
        await origin.aclose()


async def test_idle_connections_expire() -> None:
    async with ScriptedServer(hello) as server:
        origin = HttpOrigin(server.url, idle_timeout_s=0.02)
        await (await origin.send("GET", "/")).read()
        assert origin.idle_connections == 1
        await until(lambda: origin.open_connections == 0)
        await origin.aclose()


async def test_a_kept_connection_that_is_too_old_is_not_used() -> None:
    async with ScriptedServer(hello) as server:
        origin = HttpOrigin(server.url, idle_timeout_s=-1.0)
        for _ in range(2):
            await (await origin.send("GET", "/")).read()
        assert server.connections == 2
        await origin.aclose()


async def test_cancelling_a_send_closes_its_connection() -> None:
    arrived = asyncio.Event()

    async def script(request: Request) -> None:
        arrived.set()
        await request.gone.wait()

    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        sending = asyncio.create_task(origin.send("POST", "/", body=b"{}"))
        await arrived.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        async with asyncio.timeout(1):
            await server.requests[0].gone.wait()
        await until(lambda: origin.open_connections == 0)
        await origin.aclose()


async def test_closing_a_response_early_closes_its_connection() -> None:
    async def script(request: Request) -> None:
        await request.start_stream()
        await request.chunk(b"one")
        await request.gone.wait()

    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        response = await origin.send("GET", "/")
        assert await anext(aiter(response)) == b"one"
        response.close()
        response.close()
        async with asyncio.timeout(1):
            await server.requests[0].gone.wait()
        await until(lambda: origin.open_connections == 0)
        with pytest.raises(EngineFailed):
            await response.read()
        await origin.aclose()


async def test_closing_a_response_that_is_whole_keeps_its_connection() -> None:
    async with ScriptedServer(hello) as server:
        origin = HttpOrigin(server.url)
        response = await origin.send("GET", "/")
        await response.read()
        response.close()
        assert origin.idle_connections == 1
        await origin.aclose()


async def test_a_connection_that_the_peer_wants_closed_is_not_kept() -> None:
    async def script(request: Request) -> None:
        await request.answer(b"hello", headers=b"connection: close\r\n")

    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        for _ in range(2):
            assert await (await origin.send("GET", "/")).read() == b"hello"
        assert (server.connections, origin.idle_connections) == (2, 0)
        await origin.aclose()


async def test_closing_the_origin_ends_requests_under_way_and_refuses_later_ones() -> None:
    arrived = asyncio.Event()

    async def script(request: Request) -> None:
        arrived.set()
        await request.gone.wait()

    async with ScriptedServer(script) as server:
        origin = HttpOrigin(server.url)
        sending = asyncio.create_task(origin.send("GET", "/"))
        await arrived.wait()
        await origin.aclose()
        with pytest.raises(EngineFailed):
            await sending
        with pytest.raises(EngineUnavailable):
            await origin.send("GET", "/")
