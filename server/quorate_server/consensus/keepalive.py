"""Keeping a stream alive while a group waits for an engine and is being drawn."""

import asyncio
from types import TracebackType

from quorate_sampling.group import Progress
from quorate_server.completion import Shape
from quorate_server.consensus.wire import progress_object
from quorate_server.gateway.reply import Reply
from quorate_server.streaming import send_comment, send_event

INTERVAL_S = 2.0
"""Until then an error can still be told with its own status."""


class Keepalive:
    """Sends comments, and the progress where it was asked for, from a task of its own.

    A client that reads slowly sees fewer, newer progress chunks; it never holds up the group.
    """

    def __init__(self, reply: Reply, shape: Shape, *, progress: bool) -> None:
        self._reply = reply
        self._shape = shape
        self._wanted = progress
        self._latest: Progress | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def observe(self, progress: Progress) -> None:
        """Take note of how the group stands."""
        self._latest = progress
        if self._wanted:
            self._news.set()

    async def __aenter__(self) -> "Keepalive":
        self._task = asyncio.create_task(self._send(), name="keepalive")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Send no more. Idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _send(self) -> None:
        while True:
            try:
                async with asyncio.timeout(INTERVAL_S):
                    await self._news.wait()
            except TimeoutError:
                pass
            self._news.clear()
            if not self._reply.started:
                await self._reply.start_stream()
            if self._wanted and self._latest is not None:
                opening = self._shape.delta_free(0)
                progress = progress_object(self._latest)
                await send_event(
                    self._reply, self._shape.chunk([opening], consensus_progress=progress)
                )
            else:
                await send_comment(self._reply, "drawing" if self._latest else "waiting")
