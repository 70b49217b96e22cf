"""A body that comes in on the loop thread, read by a synchronous caller."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from quorate.deadline import Deadline
from quorate.expiry import MARK
from quorate.guard import Expired
from quorate.http_library import httpx
from quorate.loop_thread import LoopThread
from quorate.wishes import OnExpiry

if TYPE_CHECKING:
    from httpx2 import Response


class BridgedBody(httpx.SyncByteStream):
    """Reads a guarded body piece by piece; each wait ends at the deadline."""

    def __init__(
        self,
        thread: LoopThread,
        response: "Response",
        limit: Deadline,
        on_expiry: OnExpiry,
        late: Exception,
    ) -> None:
        assert isinstance(response.stream, httpx.AsyncByteStream)
        self._thread = thread
        self._body = response.stream
        self._extensions = response.extensions
        self._limit = limit
        self._on_expiry = on_expiry
        self._late = late

    def __iter__(self) -> Iterator[bytes]:
        pieces = aiter(self._body)
        while (piece := self._next(pieces)) is not None:
            yield piece

    def close(self) -> None:
        """Begins to; the caller may have no time left to wait for it."""
        with suppress(RuntimeError):  # a thread that has stopped has closed all it had
            self._thread.start(self._close())

    async def _close(self) -> None:
        await self._body.aclose()

    def _next(self, pieces: AsyncIterator[bytes]) -> bytes | None:
        try:
            return self._thread.run(_one(pieces), self._limit.remaining_s)
        except Expired:
            self._extensions[MARK] = True
            if self._on_expiry == "raise":
                raise self._late from None
            return None


async def _one(pieces: AsyncIterator[bytes]) -> bytes | None:
    return await anext(pieces, None)
