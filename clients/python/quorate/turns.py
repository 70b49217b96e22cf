"""Calls begin and end one in each turn of the event loop.

Beginning a request or undoing one is about half a millisecond of work. A thousand at once would
hold the loop for half a second, and every deadline that falls into it would be missed.
"""

import asyncio
from collections import deque
from typing import Any


class Turns:
    """A gate that lets one caller through in each turn of its loop, in the order they came."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._taken = False

    async def turn(self) -> None:
        """Returns when it is the caller's turn: at once if nobody came before in this one."""
        if not self._taken:
            self._taken = True
            self._loop.call_soon(self._next)
            return
        mine = self._loop.create_future()
        self._waiting.append(mine)
        await mine

    def _next(self) -> None:
        while self._waiting:
            first = self._waiting.popleft()
            if not first.done():
                first.set_result(None)
                self._loop.call_soon(self._next)
                return
        self._taken = False


class Endings:
    """Tasks that nobody waits for any more: cancelled one a turn, owned until they are done."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[asyncio.Task[Any]] = deque()
        self._ending: set[asyncio.Task[Any]] = set()

    def give_up(self, task: asyncio.Task[Any]) -> None:
        """Have it cancelled soon; what it raises then is of no interest."""
        self._ending.add(task)
        task.add_done_callback(self._ended)
        self._waiting.append(task)
        if len(self._waiting) == 1:
            self._loop.call_soon(self._next)

    async def drain(self) -> None:
        """Cancel what is left at once, and wait until all has ended."""
        for task in self._ending:
            task.cancel()
        if self._ending:
            await asyncio.wait(set(self._ending))

    def _next(self) -> None:
        task = self._waiting.popleft()
        task.cancel()
        if self._waiting:
            self._loop.call_soon(self._next)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._ending.discard(task)
        if not task.cancelled():
            task.exception()
