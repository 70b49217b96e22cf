"""One sample asked of several engines, up to its first token: whoever gives it first draws it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TypeAlias

from quorate_sampling.engine import Delta, Engine, EngineUsage, SampleStream
from quorate_server.engines.hedge_budget import HedgeBudget, HedgeCounts
from quorate_server.engines.runner import Runner
from quorate_server.errors import EngineError, EngineRejected, EngineUnavailable

LOSER_TAIL_S = 0.6
"""How long an engine that lost may take to report what it generated; 30 ms as a rule."""

Counted: TypeAlias = Callable[[], AbstractContextManager[None]]
"""Opens the count of one sample on an engine."""


def untimed(stream: SampleStream) -> SampleStream:
    """Nothing is learnt from it."""
    return stream


@dataclass(frozen=True, slots=True)
class Standby:
    """An engine of the same model. `counted`: one sample more is on it, until that is left.

    `idle`: it has room for a sample that may be drawn for nothing. `timed` has it learn its own
    pace from a stream, `failed` is told when a sample failed on it before its first token.
    """

    engine: Engine
    counted: Counted = nullcontext
    idle: bool = True
    timed: Callable[[SampleStream], SampleStream] = untimed
    failed: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Hedge:
    """After how many seconds without a first token a second engine is asked, if it may be."""

    after_s: float
    budget: HedgeBudget


class Race:
    """A SampleStream of one sample, from whichever engine begins it first.

    `start` begins it on an engine; the number is that of the attempt, 0 the first. `standbys` tells
    where else it may be drawn, best first, and is asked when that is wanted: for a `hedge`, and
    when all that were asked have failed. Once a token has come nothing is begun again, nor once it
    was stopped: then it ends, for whoever stopped it to go on elsewhere. The others
    are then stopped, and what they generated is in the last piece's usage: a request's tokens are
    all billed, while its prompt counts once. Where the stream is left before its last piece, that
    is part of what its bound hides.

    `home` is the engine that the sample was asked of, by default the first: the first piece from
    another one says that it is from elsewhere. `won` is told which engine it was. Raises the first
    engine's error where all have failed.
    """

    def __init__(
        self,
        start: Callable[[Engine, int], SampleStream],
        first: Standby,
        standbys: Callable[[], list[Standby]],
        *,
        counts: HedgeCounts,
        unseen_tokens: int,
        hedge: Hedge | None = None,
        home: Engine | None = None,
        won: Callable[[Engine], None] = lambda _: None,
    ) -> None:
        self._start = start
        self._first = first
        self._standbys = standbys
        self._counts = counts
        self._unseen_tokens = unseen_tokens
        self._hedge = hedge
        self._home = home or first.engine
        self._won = won
        self._asked: list[Engine] = []
        self._racing: list[Runner] = []
        self._hedging: Runner | None = None
        self._errors: list[EngineError] = []
        self._unseen = EngineUsage()
        """A bound on what engines generated that failed."""
        self._wasted: list[asyncio.Task[EngineUsage]] = []
        self._stopping = False
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[Delta]:
        winner = await self._race()
        if winner is None:
            if not self._closed:
                yield Delta(finish_reason="abort", usage=self._unseen)
            return
        losers, self._racing = [r for r in self._racing if r is not winner], [winner]
        self._wasted = [asyncio.create_task(self._waste(loser)) for loser in losers]
        if winner is self._hedging:
            self._counts.won += 1
        self._won(winner.engine)
        elsewhere = winner.engine is not self._home
        async for piece in winner.pieces():
            if piece.usage is not None:
                piece = await self._billed(piece, piece.usage)
            yield replace(piece, elsewhere=True) if elsewhere else piece
            elsewhere = False

    async def stop(self) -> None:
        """Ask every engine that draws it to end now."""
        self._stopping = True
        await asyncio.gather(*(runner.stream.stop() for runner in self._racing))

    async def aclose(self) -> None:
        """Free everything; no engine goes on. Idempotent."""
        self._stopping = self._closed = True
        for task in self._wasted:
            task.cancel()
        await asyncio.gather(*self._wasted, return_exceptions=True)
        racing, self._racing = self._racing, []
        for runner in racing:
            await runner.aclose()

    async def _race(self) -> Runner | None:
        """The first to begin; None where it was stopped or closed before one did.

        Raises EngineError where none is left that might.
        """
        loop = asyncio.get_running_loop()
        hedge_at = None if self._hedge is None else loop.time() + self._hedge.after_s
        await self._enter(self._first)
        while True:
            waited = None if hedge_at is None else max(0.0, hedge_at - loop.time())
            runs = [runner.beginning for runner in self._racing]
            await asyncio.wait(runs, timeout=waited, return_when=asyncio.FIRST_COMPLETED)
            if self._closed:
                return None
            for runner in [runner for runner in self._racing if runner.beginning.done()]:
                error = runner.failure()
                if error is None:
                    return runner
                await self._lost(runner, error)
            if not self._racing:
                standby = next(self._others(), None)
                if standby is None:
                    raise self._errors[0]
                if self._stopping:
                    return None
                self._counts.failovers += 1
                await self._enter(standby)
            elif hedge_at is not None and loop.time() >= hedge_at:
                hedge_at = None
                await self._send_hedge()

    async def _enter(self, standby: Standby) -> Runner:
        stream = self._start(standby.engine, len(self._asked))
        if standby.engine is not self._home:
            stream = standby.timed(stream)
        self._asked.append(standby.engine)
        runner = Runner(standby.engine, stream, standby.counted(), standby.failed)
        self._racing.append(runner)
        if self._stopping:
            await stream.stop()
        return runner

    async def _lost(self, runner: Runner, error: EngineError) -> None:
        """One failed before its first token."""
        self._racing.remove(runner)
        await runner.aclose()
        self._errors.append(error)
        if not isinstance(error, EngineRejected):
            runner.failed()
        if not isinstance(error, EngineUnavailable | EngineRejected):
            self._unseen = self._unseen.followed_by(self._bound())
        if isinstance(error, EngineRejected) and not self._racing:
            raise error

    async def _send_hedge(self) -> None:
        idle = next((other for other in self._others() if other.idle), None)
        if idle is None or self._stopping or self._hedge is None or not self._hedge.budget.take():
            return
        self._hedging = await self._enter(idle)

    def _others(self) -> Iterator[Standby]:
        return (s for s in self._standbys() if s.engine not in self._asked)

    async def _waste(self, loser: Runner) -> EngineUsage:
        """Stop a loser; what it cost."""
        try:
            async with asyncio.timeout(LOSER_TAIL_S):
                usage = await loser.stopped()
        except (EngineUnavailable, EngineRejected):
            usage = EngineUsage()
        except (EngineError, TimeoutError):
            usage = None
        finally:
            await loser.aclose()
        told = self._bound() if usage is None else usage
        self._counts.wasted_tokens += told.completion_tokens
        return told

    def _bound(self) -> EngineUsage:
        """Of an engine that began nothing that we saw, and does not report."""
        return EngineUsage(0, self._unseen_tokens, exact=False)

    async def _billed(self, piece: Delta, usage: EngineUsage) -> Delta:
        for waste in (self._unseen, *await asyncio.gather(*self._wasted)):
            usage = usage.followed_by(replace(waste, prompt_tokens=0))
        return replace(piece, usage=usage)
