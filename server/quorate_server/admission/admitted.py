"""An engine as one admitted request sees it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from quorate_sampling.closers import Closing
from quorate_sampling.deadline import Deadline
from quorate_sampling.engine import (
    Abilities,
    Continuation,
    Delta,
    Draw,
    Engine,
    SampleStream,
)
from quorate_sampling.errors import EngineUnavailable
from quorate_server.admission.admission import Admission
from quorate_server.admission.priority import continuation_priority, draw_priority
from quorate_server.admission.ticket import Ticket

LEAST_TOKENS = 8
"""Of fewer the time is mostly that of the chunks they came in."""


@dataclass(frozen=True, slots=True)
class AdmittedEngine:
    """`engine`, with the samples that are drawn on it counted on a ticket of its `admission`.

    The admission's limit is told how fast their tokens came and what the engine refused. Where the
    engine schedules by priority, `deadline` gives them theirs.
    """

    engine: Engine
    ticket: Ticket
    admission: Admission
    deadline: Deadline | None = None

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def abilities(self) -> Abilities:
        return self.engine.abilities

    @property
    def closing(self) -> Closing | None:
        return self.engine.closing

    def draw(self, draw: Draw) -> SampleStream:
        """Start one sample, counted from the first time it is iterated."""
        deadline = self._deadline_of(draw.body)
        if deadline is not None:
            draw = replace(draw, priority=draw_priority(deadline.remaining_s()))
        return _Counted(self.engine.draw(draw), self.ticket, self.admission)

    def resume(self, continuation: Continuation) -> SampleStream:
        """Go on from token ids, likewise."""
        deadline = self._deadline_of(continuation.body)
        if deadline is not None:
            priority = continuation_priority(deadline.remaining_s())
            continuation = replace(continuation, priority=priority)
        return _Counted(self.engine.resume(continuation), self.ticket, self.admission)

    async def tokenize(self, text: str) -> tuple[int, ...]:
        return await self.engine.tokenize(text)

    async def prompt_ids(self, body: Mapping[str, Any]) -> tuple[int, ...]:
        return await self.engine.prompt_ids(body)

    def _deadline_of(self, body: Mapping[str, Any]) -> Deadline | None:
        """What gives a request its priority, unless its client did or the engine has no use."""
        mute = not self.engine.abilities.priority or body.get("priority") is not None
        return None if mute else self.deadline


class _Counted:
    """A SampleStream that holds a slot from its first iteration until it has ended or is closed."""

    __slots__ = ("_admission", "_began_at", "_first_at", "_here", "_stream", "_ticket", "_tokens")

    def __init__(self, stream: SampleStream, ticket: Ticket, admission: Admission) -> None:
        self._stream = stream
        self._ticket = ticket
        self._admission = admission
        self._began_at: float | None = None
        self._first_at: float | None = None
        self._tokens = 0
        self._here = True

    async def __aiter__(self) -> AsyncIterator[Delta]:
        began_at = self._began_at = self._admission.clock()
        self._ticket.began()
        try:
            async for piece in self._stream:
                self._here = self._here and not piece.elsewhere
                if self._here:
                    self._see(piece, began_at)
                yield piece
        except EngineUnavailable:
            self._admission.limit.dropped()
            raise
        finally:
            self._over()

    async def stop(self) -> None:
        await self._stream.stop()

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._over()

    def _see(self, piece: Delta, began_at: float) -> None:
        if self._first_at is not None:
            self._tokens += len(piece.token_ids)
            return
        now = self._first_at = self._admission.clock()
        idle_s, at_once = self._ticket.demand.first_s, self._admission.in_flight
        self._admission.limit.first_token(now - began_at, idle_s, at_once, now)

    def _over(self) -> None:
        if self._began_at is None:
            return
        self._began_at = None
        if self._first_at is not None and self._tokens >= LEAST_TOKENS:
            now, at_once = self._admission.clock(), self._admission.in_flight
            self._admission.limit.token((now - self._first_at) / self._tokens, at_once, now)
        self._ticket.ended()
