import asyncio
import shutil
import ssl
from pathlib import Path

import pytest

from quorate_server.errors import EngineFailed, EngineUnavailable
from quorate_server.http1 import HttpOrigin
from tests.server.http1.scripted import RawServer, Request, ScriptedServer, until


async def plain(request: Request) -> None:
    await request.answer(b"hello")


async def test_a_connection_is_kept_for_the_next_request() -> None:
    async with ScriptedServer(plain) as server:
        origin = HttpOrigin(server.url)
        for _ in range(3):
            response = await origin.send("GET", "/x")
            assert (response.status, await response.read()) == (200, b"hello")
        assert server.connections == 1
        assert (origin.open_connections, origin.idle_connections) == (1, 1)
        await origin.aclose()
        assert origin.open_connections == 0


async def test_the_request_says_where_it_goes_and_how_long_it_is() -> None:
    async with ScriptedServer(plain) as server:
        origin = HttpOrigin(f"{server.url}/prefix/")
        response = await origin.send(
            "POST", "/v1/x?a=b", headers=[(b"x-request-id", b"q-1")], body=b'{"a": 1}'
        )
        await response.read()
        await origin.aclose()
    (request,) = server.requests
    assert request.line == b"POST /prefix/v1/x?a=b HTTP/1.1"
    assert request.header(b"host") == b"127.0.0.1:%d" % server.port
    assert request.header(b"content-length") == b"8"
    assert request.header(b"x-request-id") == b"q-1"
    assert request.body == b'{"a": 1}'


async def test_a_large_body_arrives_whole() -> None:
    body = bytes(range(256)) * 20_000
    async with ScriptedServer(plain) as server:
        origin = HttpOrigin(server.url)
        await (await origin.send("POST", "/", body=body)).read()
        await origin.aclose()
    assert server.requests[0].body == body


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
    ("path", "header"),
    [
        ("/", (b"a", b"b\r\nc: d")),
        ("/", (b"a", b"b\nc: d")),
        ("/", (b"a\r\nb", b"c")),
        ("/", (b"a", b"b\0")),
        ("/ HTTP/1.1\r\nx: y", (b"a", b"b")),
        ("/a b", (b"a", b"b")),
    ],
)
async def test_no_value_can_add_a_line_to_the_request(
    path: str, header: tuple[bytes, bytes]
) -> None:
    async with ScriptedServer(plain) as server:
        origin = HttpOrigin(server.url)
        with pytest.raises(ValueError, match="line"):
            await origin.send("GET", path, headers=[header])
        await origin.aclose()
    assert server.connections == 0


@pytest.mark.parametrize("url", ["ftp://x", "x:80", "http://", "http://u:p@x", "http://x?a=b"])
def test_what_is_no_origin_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"http|host|user"):
        HttpOrigin(url)


async def test_nobody_listening_is_unavailable() -> None:
    async with ScriptedServer(plain) as server:
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
    async with ScriptedServer(plain) as server:
        origin = HttpOrigin(server.url)
        await (await origin.send("GET", "/")).read()
        assert origin.idle_connections == 1
        server.requests[0].hang_up()
        await until(lambda: origin.idle_connections == 0 and origin.open_connections == 0)
        await origin.aclose()


async def test_an_idle_connection_on_which_something_arrives_leaves_the_pool() -> None:
    async with ScriptedServer(plain) as server:
        origin = HttpOrigin(server.url)
        await (await origin.send("GET", "/")).read()
        await server.requests[0].write(b"HTTP/1.1 408 Timeout\r\n\r\n")
        await until(lambda: origin.idle_connections == 0)
        await origin.aclose()


async def test_idle_connections_expire() -> None:
    async with ScriptedServer(plain) as server:
        origin = HttpOrigin(server.url, idle_timeout_s=0.02)
        await (await origin.send("GET", "/")).read()
        assert origin.idle_connections == 1
        await until(lambda: origin.open_connections == 0)
        await origin.aclose()


async def test_a_kept_connection_that_is_too_old_is_not_used() -> None:
    async with ScriptedServer(plain) as server:
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
    async with ScriptedServer(plain) as server:
        origin = HttpOrigin(server.url)
        response = await origin.send("GET", "/")
        await response.read()
        response.close()
        assert origin.idle_connections == 1
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


async def test_proxies_named_in_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with ScriptedServer(plain) as server:
        origin = HttpOrigin(server.url)
        assert await (await origin.send("GET", "/")).read() == b"hello"
        await origin.aclose()


async def test_https_verifies_the_certificate(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is needed to make a certificate")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = await asyncio.create_subprocess_exec(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-keyout", str(key), "-out", str(cert), "-days", "2", "-subj", "/CN=localhost"),
        *("-addext", "subjectAltName=DNS:localhost"),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await made.wait() == 0
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(cert, key)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")
        await reader.read()

    async with RawServer(serve, tls=serving) as server:
        url = f"https://localhost:{server.port}"
        trusting = HttpOrigin(url, tls=ssl.create_default_context(cafile=str(cert)))
        assert await (await trusting.send("GET", "/")).read() == b"hello"
        await trusting.aclose()
        doubting = HttpOrigin(url)
        with pytest.raises(EngineUnavailable, match="certificate"):
            await doubting.send("GET", "/")
        await doubting.aclose()
