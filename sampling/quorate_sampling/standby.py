"""An answer drawn beside a thought that goes on, in case the thought does not end in time."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from quorate_sampling.alternatives import Alternatives
from quorate_sampling.deadline import Clock
from quorate_sampling.engine import Delta, Draw, Engine
from quorate_sampling.errors import EngineError
from quorate_sampling.forcing import Resumption, resumption
from quorate_sampling.held import HeldBack
from quorate_sampling.orders import CloseOrder, Room
from quorate_sampling.pace import Pace
from quorate_sampling.prompt_ids import PromptIds
from quorate_sampling.stoppable import StoppableStream
from quorate_sampling.transcript import Mark, Transcript


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
    """Draws an answer beside one sample's thought.

    It is a completion of its own from exact token ids, prompt + thought + closer, with the
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
    """Where the answer goes, whole or as far as it came: it is billed."""
    spare: Spare | None = None
    """What has come of the answer; None where it failed."""
    over: bool = False
    """Whether no answer is wanted any more."""
    _stream: StoppableStream | None = field(default=None, init=False)
    _late: bool = field(default=False, init=False)

    @property
    def busy(self) -> bool:
        """Whether an answer is being drawn."""
        return self._stream is not None

    @property
    def ready(self) -> Spare | None:
        """The answer, once it is whole."""
        return self.spare if self.spare is not None and self.spare.whole else None

    async def answer(self, order: CloseOrder) -> bool:
        """Draw an answer from here on; whether the thought may go on.

        It may not where the engine failed to give an answer. Never raises EngineError.
        """
        try:
            prompt = await self.prompt_ids.get()
        except EngineError:
            return False
        thought = self.thought
        if not self.thinking():
            return True
        on = resumption(thought, still_open=True, prompt=prompt, order=order, room=self.room)
        if on is None:
            return True
        self.held.hold()
        return await self._ask(on.kept or thought.mark(), on) or self.over

    async def _ask(self, at: Mark, on: Resumption) -> bool:
        """Draw an answer from there; whether it came to its end."""
        spare = Spare(at, on, Transcript(opener=on.closing.opener if on.closing else ""))
        asked_at, under = self.clock(), self.pace.conditions()
        self.asked.append(spare.reply)
        self.spare = spare
        try:
            await self._fill(spare)
        except EngineError:
            self.spare = None
            return False
        told = spare.whole or self._late
        if told and not spare.reply.elsewhere:
            whole = spare.whole and spare.reply.finish_reason != "length"
            self.pace.closed(self.clock() - asked_at, whole=whole, under=under)
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

        sample_id = f"{self.draw.sample_id}-beside"
        continuation = replace(on.continuation(self.draw), sample_id=sample_id)
        self._stream = StoppableStream(self.engine.resume(continuation))
        try:
            await reply.fill(self._stream, take)
        finally:
            self._stream = None
            timing.ended(len(reply.token_ids), len(on.token_ids))

    async def drop(self, tail_s: float, *, late: bool = False) -> None:
        """Draw none: what is being drawn is stopped, and its bill waited for that long.

        `late`: its time is up; else it is not needed, which says nothing about the engine.
        """
        if not self.over:
            self.over, self._late = True, late
        if self._stream is not None:
            await self._stream.stop(tail_s)
