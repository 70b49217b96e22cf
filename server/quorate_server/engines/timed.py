"""A sample's stream that teaches the pace of the engine it comes from."""

import time
from collections.abc import AsyncIterator

from quorate_sampling.deadline import Clock
from quorate_sampling.engine import Delta, SampleStream
from quorate_sampling.pace import Pace
from quorate_sampling.pacing.timing import Timing


class TimedStream:
    """`stream`, timed from its first iteration until it has ended or is closed.

    For a sample that another engine draws than the one whose pace its request is planned with.
    """

    __slots__ = ("_clock", "_pace", "_stream", "_timing", "_tokens")

    def __init__(self, stream: SampleStream, pace: Pace, clock: Clock = time.monotonic) -> None:
        self._stream = stream
        self._pace = pace
        self._clock = clock
        self._timing: Timing | None = None
        self._tokens = 0

    async def __aiter__(self) -> AsyncIterator[Delta]:
        timing = self._timing = self._pace.sent(clock=self._clock)
        try:
            async for piece in self._stream:
                self._tokens += len(piece.token_ids)
                if self._tokens:
                    timing.first_token(len(piece.prompt_token_ids or ()) or None)
                    timing.progress(self._tokens)
                yield piece
        finally:
            timing.ended(self._tokens)

    async def stop(self) -> None:
        await self._stream.stop()

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            if self._timing is not None:
                self._timing.ended(self._tokens)
