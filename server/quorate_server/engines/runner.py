"""One engine's attempt at a sample that others may be drawing too."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from quorate_sampling.engine import Delta, Engine, EngineUsage, SampleStream
from quorate_server.errors import EngineError


@dataclass(slots=True, eq=False)
class Runner:
    """One engine's attempt at a sample; `count` is open until it is closed.

    `failed` tells the engine's keeper that it failed before its first token.
    """

    engine: Engine
    stream: SampleStream
    _count: AbstractContextManager[None]
    failed: Callable[[], None]
    beginning: asyncio.Task[None] = field(init=False)
    """Ends with its first token, its end or its failure."""
    _stream: AsyncIterator[Delta] = field(init=False)
    _kept: list[Delta] = field(default_factory=list)
    _open: bool = True

    def __post_init__(self) -> None:
        self._count.__enter__()
        self._stream = aiter(self.stream)
        self.beginning = asyncio.create_task(self._begin())

    async def _begin(self) -> None:
        async for piece in self._stream:
            self._kept.append(piece)
            if piece.token_ids or piece.reasoning or piece.content or piece.tool_calls:
                return

    def failure(self) -> EngineError | None:
        """Why it did not begin, once that is known. Raises what is no engine's error."""
        error = self.beginning.exception()
        if error is not None and not isinstance(error, EngineError):
            raise error
        return error

    async def pieces(self) -> AsyncIterator[Delta]:
        """All of them, once it has begun."""
        for piece in self._kept:
            yield piece
        async for piece in self._stream:
            yield piece

    async def stopped(self) -> EngineUsage | None:
        """Stop it, read it to its end; its usage, None where it reports none."""
        usage = None
        await self.stream.stop()
        await self.beginning
        async for piece in self.pieces():
            usage = piece.usage or usage
        return usage

    async def aclose(self) -> None:
        """No more of it; it no longer counts. Idempotent."""
        if not self._open:
            return
        self._open = False
        self.beginning.cancel()
        try:
            await asyncio.gather(self.beginning, return_exceptions=True)
        finally:  # also where this is cancelled in turn: nobody comes back to it
            try:
                await self.stream.aclose()
            finally:
                self._count.__exit__(None, None, None)
