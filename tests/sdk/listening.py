"""A listener on the loopback that knows a connection from the moment it accepts it.

`asyncio.start_server` passes what it accepted through three turns of its loop before `serve` knows
of it: a server that ends meanwhile leaves that connection open.
"""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from functools import partial
from typing import Self

BACKLOG = 4096
STARTING_S = 10.0

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """Runs `serve` for each connection to a free port; at its end none is left open."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self._socket.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._accept)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._loop.remove_reader(self._socket)
        self._socket.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

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
        reader, writer = await asyncio.open_connection(sock=connection)
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
