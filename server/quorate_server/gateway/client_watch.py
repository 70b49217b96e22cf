"""Noticing a client that leaves while an engine works for it, and ending that work."""

import asyncio
from types import TracebackType
from typing import Self

from quorate_server.engines.replica import Replica
from quorate_server.errors import EngineError
from quorate_server.gateway.asgi import Receive
from quorate_server.gateway.reply import Reply

UNWATCHED_S = 0.2
"""A request younger than this is not watched yet: the answers of a fast engine never pay for a
task of their own, and a client that left is still noticed well within a second."""

TAIL_S = 0.6
"""How long an engine that was asked to stop may take to report its usage."""

ASK_AGAIN_S = 0.25
"""An engine ignores an abort for a request that it has received but not begun."""


class ClientWatch:
    """`with ClientWatch(…) as client:` around everything that an engine does for a client.

    When the client leaves, in whatever phase, the engine is asked to end the request by its id; the
    block goes on, so that the tail with its exact usage is read. Where the engine cannot do that,
    or takes too long, the block is cancelled, which closes the connection, and left quietly.
    `gone` then says what happened.
    """

    __slots__ = (
        "_cancelled",
        "_loop",
        "_receive",
        "_replica",
        "_reply",
        "_request",
        "_timer",
        "_watcher",
        "gone",
    )

    def __init__(self, receive: Receive, replica: Replica, reply: Reply) -> None:
        self._receive = receive
        self._replica = replica
        self._reply = reply
        self._loop = asyncio.get_running_loop()
        self._request = asyncio.current_task(self._loop)
        self._watcher: asyncio.Task[None] | None = None
        self._cancelled = False
        self.gone = False

    def __enter__(self) -> Self:
        self._timer = self._loop.call_later(UNWATCHED_S, self._begin)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if not self._cancelled or self._request is None:
            return False
        # As asyncio.timeout does: swallow the cancellation that is ours, not one from outside.
        return self._request.uncancel() == 0 and kind is asyncio.CancelledError

    def _begin(self) -> None:
        self._watcher = self._loop.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._reply.ended:
            return
        self.gone = True
        if self._replica.abort_by_id:
            self._timer = self._loop.call_later(TAIL_S, self._cancel)
            try:
                while True:
                    await self._replica.abort([self._reply.request_id])
                    await asyncio.sleep(ASK_AGAIN_S)
            except EngineError:
                self._timer.cancel()
        self._cancel()

    def _cancel(self) -> None:
        if self._request is not None and not self._cancelled:
            self._cancelled = True
            self._request.cancel()
