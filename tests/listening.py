"""A listener on the loopback that knows a connection from the moment it accepts it.

`asyncio.start_server` passes what it accepted through three turns of its loop before `serve` knows
of it: a server that ends meanwhile leaves that connection open.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from functools import partial
from typing import Self

BACKLOG = 4096
STARTING_S = 10.0

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """Runs `serve` for each connection to a free port; at its end none is left open.

    `limit` is the longest line or head that a reader takes, in bytes.
    """

    def __init__(
        self, serve: Serve, *, tls: ssl.SSLContext | None = None, limit: int = 2**16
    ) -> None:
        self._serve = serve
        self._tls = tls
        self._limit = limit
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._accept)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Idempotent: a test may have the server end before its time."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    @property
    def open(self) -> int:
        """Connections that are open now."""
        return len(self._connections)

    async def all_left(self, seconds: float) -> bool:
        """Wait until every client that has connected has left, at most so long; whether so."""
        self._accept()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._connections:
                    await asyncio.wait(self._connections)
        return not self._connections

    def _accept(self) -> None:
        with suppress(BlockingIOError):
            while True:
                connection, _ = self._socket.accept()
                task = self._loop.create_task(self._connected(connection))
                self._connections.add(task)
                task.add_done_callback(self._connections.discard)
                task.add_done_callback(partial(_close, connection))

    async def _connected(self, connection: socket.socket) -> None:
        reader = asyncio.StreamReader(self._limit)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await self._loop.connect_accepted_socket(
            lambda: protocol, connection, ssl=self._tls
        )
        writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:  # the listener ends, whatever its client has yet to read
            writer.transport.abort()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


def _close(connection: socket.socket, _: object) -> None:
    connection.close()


@contextmanager
def in_a_thread(serving: AbstractAsyncContextManager[int]) -> Iterator[int]:
    """Serves meanwhile in a thread of its own; what it yields is `serving`'s."""
    loop, over = asyncio.new_event_loop(), asyncio.Event()
    started = threading.Event()
    said: list[int] = []

    async def serve() -> None:
        async with serving as port:
            said.append(port)
            started.set()
            await over.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="serving", daemon=True)
    thread.start()
    assert started.wait(STARTING_S)
    try:
        yield said[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(STARTING_S)
        assert not thread.is_alive()
