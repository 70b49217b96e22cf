"""One sample while an engine behind HTTP draws it."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace

from quorate_sampling.engine import Delta, EngineUsage
from quorate_server.engines.abort import AbortBatch
from quorate_server.engines.refusal import refusal
from quorate_server.engines.sse import EventStream
from quorate_server.errors import EngineError, EngineFailed
from quorate_server.upstream import Header, Upstream, UpstreamResponse

ASK_AGAIN_S = 0.05
"""An abort that has ended nothing by then may have come before the engine knew the request (an
end by id takes 15–30 ms), so it is asked for again; then after twice as long, and so on."""
GIVE_UP_S = 0.5
"""An engine that has not ended the stream by then is left: its connection is closed."""
IN_FLIGHT_TOKENS = 2
"""Tokens an engine may have drawn beyond its last full chunk when a connection is closed."""
MAX_ERROR_BYTES = 65_536

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """A POST that streams one sample.

    `chunk_tokens` is how many tokens the engine may hold back for the next chunk;
    `max_tokens` bounds them all, where it is known.
    """

    sample_id: str
    path: str
    headers: Sequence[Header]
    body: bytes
    decode: Callable[[bytes], Delta]
    chunk_tokens: int
    max_tokens: int | None


class HttpSample:
    """A SampleStream over an upstream. One task iterates; any may `stop` or `aclose` it.

    Nothing is sent before the first iteration. `aborts` is None where the engine cannot end a
    request by id: `stop` then closes the connection, and the usage is what was seen plus what
    the engine may have held back, marked inexact.
    """

    def __init__(self, upstream: Upstream, request: StreamRequest, aborts: AbortBatch | None):
        self._upstream = upstream
        self._request = request
        self._aborts = aborts
        self._response: UpstreamResponse | None = None
        self._pieces: AsyncIterator[bytes] | None = None
        self._events = EventStream()
        self._ready: deque[Delta] = deque()
        self._finish: Delta | None = None
        """The piece with the finish reason, kept until the usage behind it has come."""
        self._over = False
        self._stopping = False
        self._give_up_at: float | None = None
        self._scope: asyncio.Timeout | None = None
        self._asking: asyncio.Task[None] | None = None
        self._usage: EngineUsage | None = None
        self._prompt_tokens = 0
        self._tokens = 0
        self._text_bytes = 0

    def __aiter__(self) -> AsyncIterator[Delta]:
        return self

    async def __anext__(self) -> Delta:
        while not self._ready:
            if self._over:
                raise StopAsyncIteration
            try:
                await self._read_on()
            except BaseException:
                self._end()
                raise
        return self._ready.popleft()

    async def stop(self) -> None:
        """Ask the engine to end now; the iterator then yields the tail, and its usage.

        The tail's usage is exact where the engine ended the request by id within GIVE_UP_S.
        """
        if self._stopping or self._over:
            return
        self._stopping = True
        now = asyncio.get_running_loop().time()
        if self._aborts is None:
            self._wait_until(now)
            return
        self._wait_until(now + GIVE_UP_S)
        self._asking = asyncio.create_task(self._ask_to_end(self._aborts))

    async def aclose(self) -> None:
        """Close the connection unless the stream has ended; the engine then stops. Idempotent."""
        self._stopping = True
        self._ready.clear()
        self._end()
        self._wait_until(asyncio.get_running_loop().time())

    async def _ask_to_end(self, aborts: AbortBatch) -> None:
        patience_s = ASK_AGAIN_S
        while True:
            try:
                await aborts.end(self._request.sample_id)
            except EngineError as error:
                logger.debug("abort of %s failed: %s", self._request.sample_id, error)
            await asyncio.sleep(patience_s)
            patience_s *= 2

    def _wait_until(self, at: float) -> None:
        """Have no more patience with the engine than until `at` (the loop's time)."""
        self._give_up_at = at
        if self._scope is not None and not self._scope.expired():
            self._scope.reschedule(at)

    async def _read_on(self) -> None:
        if self._stopping and self._pieces is None:
            self._finish_with(Delta(finish_reason="abort"), EngineUsage())
            return
        try:
            async with asyncio.timeout_at(self._give_up_at) as self._scope:
                if self._pieces is None:
                    self._pieces = await self._open()
                piece = await anext(self._pieces, None)
        except TimeoutError:
            # The scope is ours, so this is the end of the patience that `stop` has set.
            self._leave()
            return
        finally:
            self._scope = None
        if piece is None:
            self._at_end_of_body()
            return
        for data in self._events.feed(piece):
            if data == b"[DONE]":
                self._at_end_of_body()
                return
            self._take(self._request.decode(data))

    async def _open(self) -> AsyncIterator[bytes]:
        request = self._request
        response = self._response = await self._upstream.send(
            "POST", request.path, headers=request.headers, body=request.body
        )
        if response.status >= 400:
            raise refusal(response.status, (await response.read())[:MAX_ERROR_BYTES])
        return response.__aiter__()

    def _take(self, delta: Delta) -> None:
        self._tokens += len(delta.token_ids)
        if not delta.token_ids:
            self._text_bytes += len((delta.reasoning + delta.content).encode())
        if delta.prompt_token_ids is not None:
            self._prompt_tokens = len(delta.prompt_token_ids)
        if delta.finish_reason is not None and self._finish is None:
            self._finish = delta
        elif delta.usage is not None and delta == Delta(usage=delta.usage):
            self._usage = delta.usage
            if self._finish is not None:
                self._finish_with(self._finish, delta.usage)
        else:
            self._ready.append(delta)

    def _at_end_of_body(self) -> None:
        if self._finish is None and self._usage is not None:
            # A request that was aborted before its first token has usage and no finish.
            self._finish_with(Delta(finish_reason="abort"), self._usage)
        elif self._finish is None and not self._stopping and not self._over:
            raise EngineFailed("The engine broke off in the middle of a sample.")
        else:
            self._leave()

    def _leave(self) -> None:
        """End without a last word from the engine."""
        if self._over:
            return
        last = self._finish
        if last is None:
            self._finish_with(Delta(finish_reason="abort"), self._counted(exact=False))
        else:
            self._finish_with(last, last.usage or self._counted(exact=self._tokens > 0))

    def _counted(self, *, exact: bool) -> EngineUsage:
        """What was seen. Where there are no ids: no token is shorter than a byte."""
        seen = self._tokens or self._text_bytes
        if not exact:
            seen += self._request.chunk_tokens + IN_FLIGHT_TOKENS
            if self._request.max_tokens is not None:
                seen = min(seen, self._request.max_tokens)
        return EngineUsage(self._prompt_tokens, seen, exact)

    def _finish_with(self, last: Delta, usage: EngineUsage) -> None:
        self._ready.append(replace(last, usage=usage))
        self._end()

    def _end(self) -> None:
        self._over = True
        if self._asking is not None:
            self._asking.cancel()
        if self._response is not None:
            self._response.close()
