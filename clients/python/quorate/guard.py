"""The wall clock's guard: whoever calls returns in time, whatever the work under it is doing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from quorate.deadline import Deadline
from quorate.turns import Endings, Turns

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
