"""An answer drawn beside a thought that goes on, in case the thought does not end in time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from quorate_sampling.alternatives import Alternatives
from quorate_sampling.deadline import Clock
from quorate_sampling.engine import Delta, Draw, Engine
from quorate_sampling.errors import EngineError
from quorate_sampling.forcing import Resumption, resumption
from quorate_sampling.held import HeldBack
from quorate_sampling.orders import BesideOrder, Room
from quorate_sampling.pace import Pace
from quorate_sampling.prompt_ids import PromptIds
from quorate_sampling.stoppable import StoppableStream
from quorate_sampling.transcript import Mark, Transcript

MOST = 1
"""Answers drawn beside one thought at most."""
TIME_FOR_ANOTHER = 2.0
"""How many times what the last one took is left for another: the sooner it is asked for, the less
has been thought; one that comes too late costs its tokens."""
THOUGHT_FOR_ANOTHER = 1.1
"""How many times as long the thought has to be by then."""


class Spare(NamedTuple):
    """An answer asked for `at` a point of a thought, from the tokens of `on`."""

    at: Mark
    on: Resumption
    reply: Transcript

    @property
    def whole(self) -> bool:
        return self.reply.ended_by_itself


@dataclass(slots=True, eq=False)
class Standby:
    """Draws answers beside one sample's thought, one at a time, each from a later point of it.

    Each is a completion of its own from exact token ids, prompt + thought + closer, with the
    settings of `draw`, as if the thought had been cut there. `pace` learns from it as it does from
    a thought that was cut. `thinking` tells whether the thought still goes on; what a reader would
    see of it is `held` back meanwhile.
    """

    engine: Engine
    draw: Draw
    prompt_ids: PromptIds
    room: Room
    alternatives: Alternatives
    pace: Pace
    clock: Clock
    thought: Transcript
    thinking: Callable[[], bool]
    held: HeldBack
    asked: list[Transcript]
    """Where every answer goes, whole or as far as it came: all are billed."""
    spare: Spare | None = None
    """The latest whole answer; before there is one, what has come of the first. A later one that
    ran out of tokens is worth less than an earlier one that did not."""
    over: bool = False
    """Whether no more answers are wanted."""
    _stream: StoppableStream | None = field(default=None, init=False)
    _late: bool = field(default=False, init=False)

    @property
    def busy(self) -> bool:
        """Whether an answer is being drawn."""
        return self._stream is not None

    @property
    def ready(self) -> Spare | None:
        """The latest whole answer."""
        return self.spare if self.spare is not None and self.spare.whole else None

    async def answer(self, order: BesideOrder) -> bool:
        """Draw an answer, and another one from a later point where there is time for it.

        Whether the thought may go on: it may not where the engine failed to give any. Never raises
        EngineError.
        """
        try:
            prompt = await self.prompt_ids.get()
        except EngineError:
            return False
        close, thought = order.close, self.thought
        for _ in range(MOST):
            if not self.thinking():
                break
            on = resumption(thought, still_open=True, prompt=prompt, order=close, room=self.room)
            if on is None:
                break
            asked_at, at = self.clock(), on.kept or thought.mark()
            self.held.hold()
            if not await self._ask(at, on):
                return self.over or self.ready is not None
            took_s = self.clock() - asked_at
            wait_s = order.left_s() - TIME_FOR_ANOTHER * took_s
            if self.over or wait_s < took_s:
                break
            await asyncio.sleep(wait_s)
            if len(thought.token_ids) < THOUGHT_FOR_ANOTHER * at.token_ids:
                break
        return True

    async def _ask(self, at: Mark, on: Resumption) -> bool:
        """Draw an answer from there; whether it came to its end."""
        spare = Spare(at, on, Transcript(opener=on.closing.opener if on.closing else ""))
        asked_at, under = self.clock(), self.pace.conditions()
        self.asked.append(spare.reply)
        if self.spare is None:
            self.spare = spare
        try:
            await self._fill(spare)
        except EngineError:
            if self.spare is spare:
                self.spare = None
            return False
        told = spare.whole or (self._late and self.spare is spare)
        if told and not spare.reply.elsewhere:
            whole = spare.whole and spare.reply.finish_reason != "length"
            self.pace.closed(self.clock() - asked_at, whole=whole, under=under)
        if spare.whole and (self.ready is None or spare.reply.finish_reason != "length"):
            self.spare = spare
        return spare.whole

    async def _fill(self, spare: Spare) -> None:
        on, reply = spare.on, spare.reply
        timing = self.pace.sent(len(on.token_ids), new_tokens=len(on.closer), clock=self.clock)

        def take(piece: Delta) -> None:
            if piece.elsewhere:
                timing.ended(0)
            timing.first_token()
            reply.take(self.alternatives.shown_of(piece))
            timing.progress(len(reply.token_ids))

        sample_id = f"{self.draw.sample_id}-beside{len(self.asked)}"
        continuation = replace(on.continuation(self.draw), sample_id=sample_id)
        self._stream = StoppableStream(self.engine.resume(continuation))
        try:
            await reply.fill(self._stream, take)
        finally:
            self._stream = None
            timing.ended(len(reply.token_ids), len(on.token_ids))

    async def drop(self, tail_s: float, *, late: bool = False) -> None:
        """Draw no more: what is being drawn is stopped, and its bill waited for that long.

        `late`: its time is up; else it is not needed, which says nothing about the engine.
        """
        if not self.over:
            self.over, self._late = True, late
        if self._stream is not None:
            await self._stream.stop(tail_s)
