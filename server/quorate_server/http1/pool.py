"""Keeping connections for the next request."""

import asyncio

from quorate_server.http1.connection import Connection

CLOSING_S = 1.0
"""How long `aclose` waits for the event loop to let go of the sockets."""


class ConnectionPool:
    """Idle connections, the last used first, so that those not needed grow old and go.

    Unbounded: how many requests run at once is decided further up. An idle connection is closed
    after `idle_timeout_s`, which should be less than the peer's keep-alive time, and leaves at
    once when the peer closes it. The methods named `on_…` are the connections' own (`Keeper`).
    """

    def __init__(self, idle_timeout_s: float) -> None:
        self._idle_timeout_s = idle_timeout_s
        self._idle: dict[Connection, float] = {}  # in the order in which they fell idle
        self._open: set[Connection] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._emptied: asyncio.Event | None = None

    @property
    def idle(self) -> int:
        return len(self._idle)

    @property
    def open(self) -> int:
        return len(self._open)

    def take(self) -> Connection | None:
        """The connection that fell idle last, if there is one fresh enough."""
        if not self._idle:
            return None
        connection, idle_since = self._idle.popitem()
        if asyncio.get_running_loop().time() - idle_since < self._idle_timeout_s:
            return connection
        connection.abort("idle for too long")
        self.close_idle()
        return None

    def close_idle(self) -> None:
        """Close what is idle now."""
        for connection in list(self._idle):
            connection.abort("idle for too long")
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None

    async def aclose(self) -> None:
        """Close every connection, also those in use; their requests fail."""
        self.close_idle()
        if not self._open:
            return
        self._emptied = asyncio.Event()
        for connection in list(self._open):
            connection.abort("the gateway is closing")
        try:
            async with asyncio.timeout(CLOSING_S):
                await self._emptied.wait()
        except TimeoutError:
            pass

    def on_made(self, connection: Connection) -> None:
        self._open.add(connection)

    def on_idle(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        self._idle[connection] = loop.time()
        if self._sweep is None:
            self._sweep = loop.call_later(self._idle_timeout_s, self._close_expired)

    def on_closed(self, connection: Connection) -> None:
        self._idle.pop(connection, None)

    def on_lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        if self._emptied is not None and not self._open:
            self._emptied.set()

    def _close_expired(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweep = None
        for connection, idle_since in list(self._idle.items()):
            due = idle_since + self._idle_timeout_s
            if due > loop.time():
                self._sweep = loop.call_at(due, self._close_expired)
                return
            connection.abort("idle for too long")
