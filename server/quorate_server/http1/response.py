"""A response as it comes in: its head, then its body piece by piece."""

import asyncio
from typing import TYPE_CHECKING, Self

from quorate_server.errors import EngineFailed
from quorate_server.upstream import Header

if TYPE_CHECKING:
    from quorate_server.http1.connection import Connection

HIGH_WATER_BYTES = 65_536
"""The connection stops reading while this much body waits for its consumer."""


class Response:
    """One response (an `UpstreamResponse`). Its connection fills it, one task reads it.

    It lets go of the connection once the body has arrived whole, so that reading slowly from
    what is buffered does not hold a connection back from others.
    """

    __slots__ = (
        "_buffered",
        "_connection",
        "_failure",
        "_pieces",
        "_waiter",
        "complete",
        "headers",
        "started",
        "status",
    )

    def __init__(self, connection: "Connection") -> None:
        self.status = 0
        self.headers: list[Header] = []
        self.started = False
        """The head has arrived."""
        self.complete = False
        """The body has arrived whole (maybe not yet been read)."""
        self._connection: Connection | None = connection
        self._pieces: list[bytes] = []
        self._buffered = 0
        self._failure: str | None = None
        self._waiter: asyncio.Future[None] | None = None

    # What a consumer does.

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """The next piece of the body: all that has arrived since the last."""
        while not self._pieces:
            if self.complete:
                raise StopAsyncIteration
            if self._failure is not None:
                raise EngineFailed(self._failure)
            await self.wait()
        return self._take()

    async def read(self) -> bytes:
        """The rest of the body. Raises EngineFailed where it breaks off."""
        if self.complete:
            return self._take() if self._pieces else b""
        return b"".join([piece async for piece in self])

    def close(self) -> None:
        """Drop the rest; the connection is closed unless the body has arrived whole."""
        if self._connection is not None:
            self._connection.abort("the response was closed before its end")
        self._pieces.clear()

    # What its connection does.

    def begin(self, status: int) -> None:
        self.status = status
        self.started = True
        self._wake()

    def feed(self, piece: bytes) -> bool:
        """Append to the body. True where the consumer lags and reading should pause."""
        self._pieces.append(piece)
        self._buffered += len(piece)
        self._wake()
        return self._buffered > HIGH_WATER_BYTES

    def finish(self) -> None:
        self.complete = True
        self._connection = None
        self._wake()

    def fail(self, why: str) -> None:
        if not self.complete and self._failure is None:
            self._failure = why
        self._connection = None
        self._wake()

    async def wait(self) -> None:
        """Until something has changed."""
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    @property
    def failure(self) -> str | None:
        """Why the body will never be whole, once that is known."""
        return self._failure

    def _take(self) -> bytes:
        pieces = self._pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._buffered = 0
        if self._connection is not None:
            self._connection.resume()
        return data

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
