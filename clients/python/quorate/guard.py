"""The wall clock's guard: whoever calls returns in time, whatever the work under it is doing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from quorate.deadline import Deadline
from quorate.expiry import MARK
from quorate.http_library import httpx
from quorate.turns import Endings, Turns
from quorate.wishes import OnExpiry

if TYPE_CHECKING:
    from httpx2 import Response

T = TypeVar("T")


class Expired(Exception):
    """The deadline passed while the work was still going on: callers are told DeadlineExceeded."""


class Guard:
    """Runs work under deadlines on one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.starts = Turns(loop)
        self.pieces = Turns(loop)
        self.endings = Endings(loop)
        self._loop = loop

    async def run(self, limit: Deadline, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` returns or raises. Raises Expired at the deadline, and does not wait until
        the work, which is cancelled then, has put away its connection.
        """
        task = self._loop.create_task(self._in_turn(work))
        awake = self._loop.create_future()
        task.add_done_callback(lambda _: _wake(awake))
        timer = self._loop.call_later(limit.remaining_s(), _wake, awake)
        try:
            await awake
        except asyncio.CancelledError:
            self.endings.give_up(task)
            raise
        finally:
            timer.cancel()
        if task.done():
            return task.result()
        self.endings.give_up(task)
        raise Expired

    async def _in_turn(self, work: Callable[[], Awaitable[T]]) -> T:
        await self.starts.turn()
        return await work()


def _wake(sleeper: "asyncio.Future[None]") -> None:
    if not sleeper.done():
        sleeper.set_result(None)


class GuardedBody(httpx.AsyncByteStream):
    """A response's body that ends at the deadline: with DeadlineExceeded, or cleanly and marked."""

    def __init__(
        self, response: "Response", limit: Deadline, on_expiry: OnExpiry, late: Exception
    ) -> None:
        assert isinstance(response.stream, httpx.AsyncByteStream)
        self._body = response.stream
        self._extensions = response.extensions
        self._limit = limit
        self._on_expiry = on_expiry
        self._late = late

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = aiter(self._body)
        while True:
            try:
                async with asyncio.timeout(self._limit.remaining_s()) as clock:
                    piece = await anext(pieces, None)
            except TimeoutError:
                if not clock.expired():
                    raise
                self._extensions[MARK] = True
                if self._on_expiry == "raise":
                    raise self._late from None
                return
            if piece is None:
                return
            yield piece

    async def aclose(self) -> None:
        await self._body.aclose()
