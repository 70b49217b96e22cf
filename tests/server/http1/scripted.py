"""An HTTP peer that does exactly what a test says, at the level of its sockets."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from tests.listening import Listener, Serve


@dataclass
class Request:
    """One request as it came, and the socket to answer it on."""

    head: bytes
    body: bytes
    writer: asyncio.StreamWriter
    number: int
    """Which request of its connection this is, from 0."""
    gone: asyncio.Event
    """Set once the other side has closed the connection."""

    @property
    def line(self) -> bytes:
        return self.head.split(b"\r\n", 1)[0]

    def header(self, name: bytes) -> bytes | None:
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name:
                return value.strip()
        return None

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(
        self,
        body: bytes = b"{}",
        *,
        status: int = 200,
        content_type: bytes = b"application/json",
        headers: bytes = b"",
    ) -> None:
        await self.write(
            b"HTTP/1.1 %d X\r\ncontent-type: %b\r\ncontent-length: %d\r\n%b\r\n%b"
            % (status, content_type, len(body), headers, body)
        )

    async def start_stream(self) -> None:
        await self.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )

    async def chunk(self, data: bytes) -> None:
        await self.write(b"%x\r\n%b\r\n" % (len(data), data))

    async def end_stream(self) -> None:
        await self.write(b"0\r\n\r\n")

    def hang_up(self) -> None:
        self.writer.close()


Script = Callable[[Request], Awaitable[None]]


async def hello(request: Request) -> None:
    """A script: the same short answer to everything."""
    await request.answer(b"hello")


class RawServer:
    """Listens on loopback, runs `serve` for each connection, and leaves nothing behind."""

    def __init__(self, serve: Serve, *, tls: ssl.SSLContext | None = None) -> None:
        self._serve = serve
        self._listener = Listener(self._connected, tls=tls, limit=2**26)
        self.connections = 0

    @property
    def port(self) -> int:
        return self._listener.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self._listener.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._listener.__aexit__()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError):
            await self._serve(reader, writer)
        await asyncio.Event().wait()  # open, unless the script has closed it


class ScriptedServer(RawServer):
    """Runs `script` for each request, one after the other on a connection.

    A connection that the script closed takes no more requests.
    """

    def __init__(self, script: Script) -> None:
        super().__init__(self._run)
        self.script = script
        self.requests: list[Request] = []

    async def _run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = asyncio.Event()
        number = 0
        try:
            while (request := await self._read(reader, writer, number, gone)) is not None:
                self.requests.append(request)
                watching = asyncio.create_task(self._watch(reader, gone))
                try:
                    await self.script(request)
                finally:
                    watching.cancel()
                    with suppress(asyncio.CancelledError):
                        await watching
                if writer.is_closing():
                    return
                number += 1
        finally:
            gone.set()

    @staticmethod
    async def _watch(reader: asyncio.StreamReader, gone: asyncio.Event) -> None:
        # Looks without taking: what comes may be the next request.
        while not reader.at_eof() and reader.exception() is None:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.001)
        gone.set()

    @staticmethod
    async def _read(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int, gone: asyncio.Event
    ) -> Request | None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            request = Request(head, b"", writer, number, gone)
            request.body = await reader.readexactly(int(request.header(b"content-length") or 0))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return request


async def until(condition: Callable[[], bool], seconds: float = 2.0) -> None:
    """Let the loop turn until `condition` holds; fails the test where it never does."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - any condition
            await asyncio.sleep(0.001)
