"""The wall clock's guard: whoever calls returns in time, whatever the work under it is doing."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from quorate.crowd import Crowd
from quorate.deadline import Deadline
from quorate.turns import Endings, Turns

T = TypeVar("T")


class Expired(Exception):
    """The deadline passed while the work was still going on: callers are told DeadlineExceeded."""


class Guard:
    """Runs work under deadlines on one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, crowd: Crowd) -> None:
        """`crowd` has the calls of other loops too: they share one interpreter."""
        self.starts = Turns(loop)
        self.pieces = Turns(loop)
        self.endings = Endings(loop)
        self._loop = loop
        self._crowd = crowd

    async def run(
        self, limit: Deadline, work: Callable[[], Awaitable[T]], *, patience_s: float = 0.0
    ) -> T:
        """What `work` returns or raises. Raises Expired at the deadline, less the crowd's margin
        and with patience that much later, and does not wait until the work, which is cancelled
        then, has put away its connection.
        """
        task = self._loop.create_task(self._in_turn(limit, work))
        self._crowd.join()
        task.add_done_callback(self._ended)
        left_s = partial(self._left_s, limit, patience_s)
        waiting = _Waiting(self._loop, left_s)
        task.add_done_callback(waiting.end)
        try:
            await waiting.over
        except asyncio.CancelledError:
            self.endings.give_up(task)
            raise
        finally:
            waiting.end()
        if task.done():
            return task.result()
        self.endings.give_up(task)
        self._crowd.late(-left_s())
        raise Expired

    def _left_s(self, limit: Deadline, patience_s: float) -> float:
        return self._crowd.wait_s(limit) + patience_s

    def _ended(self, _: object) -> None:
        self._crowd.leave()

    async def _in_turn(self, limit: Deadline, work: Callable[[], Awaitable[T]]) -> T:
        await self.starts.turn()
        if self._crowd.wait_s(limit) <= 0:
            raise Expired
        return await work()


class _Waiting:
    """One caller's wait: over when it is ended, or nothing is left of its time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, left_s: Callable[[], float]) -> None:
        """`left_s` says how long to wait until it is asked again."""
        self.over = loop.create_future()
        self._loop = loop
        self._left_s = left_s
        self._timer = loop.call_later(left_s(), self._look)

    def end(self, _: object = None) -> None:
        self._timer.cancel()
        if not self.over.done():
            self.over.set_result(None)

    def _look(self) -> None:
        left_s = self._left_s()
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._look)
        else:
            self.end()
