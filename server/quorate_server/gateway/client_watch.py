"""Noticing a client that leaves while an engine works for it, and ending that work."""

import asyncio
from types import TracebackType
from typing import Self

from quorate_server.engines.replica import Replica
from quorate_server.errors import EngineError
from quorate_server.gateway.asgi import Receive

UNWATCHED_S = 0.05
"""A request younger than this is not watched yet: most answers of a fast engine never pay for a
task of their own, and a client that left is still noticed well within a second."""

TAIL_S = 0.7
"""How long an engine that was asked to stop may take to report its usage."""

ASK_AGAIN_S = 0.25
"""An engine ignores an abort for a request it has received but not begun."""


class ClientWatch:
    """`async with ClientWatch(…) as client:` around everything that an engine does for a client.

    When the client leaves, in whatever phase, the engine is asked to end the request by its id; the
    block goes on, so that the tail with its exact usage is read. Where the engine cannot do that,
    or takes too long, the block is cancelled, which closes the connection, and left quietly.
    `gone` then says what happened.
    """

    __slots__ = (
        "_limit",
        "_loop",
        "_over",
        "_receive",
        "_replica",
        "_request_id",
        "_task",
        "_timer",
        "gone",
    )

    def __init__(self, receive: Receive, replica: Replica, request_id: str) -> None:
        self._receive = receive
        self._replica = replica
        self._request_id = request_id
        self._limit = asyncio.timeout(None)
        self._task: asyncio.Task[None] | None = None
        self._over = False
        self.gone = False

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        await self._limit.__aenter__()
        self._timer = self._loop.call_later(UNWATCHED_S, self._begin)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._over = True
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
        try:
            await self._limit.__aexit__(kind, error, trace)
        except TimeoutError:
            return True  # the limit is set by nobody but us
        return False

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._over:
            return
        self.gone = True
        if not self._replica.abort_by_id:
            self._limit.reschedule(self._loop.time())
            return
        self._limit.reschedule(self._loop.time() + TAIL_S)
        try:
            while True:
                await self._replica.abort([self._request_id])
                await asyncio.sleep(ASK_AGAIN_S)
        except EngineError:
            if not self._over:
                self._limit.reschedule(self._loop.time())
