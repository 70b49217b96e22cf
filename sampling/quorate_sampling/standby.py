"""An answer drawn beside a thought that goes on, in case the thought does not end in time."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from quorate_sampling.alternatives import Alternatives
from quorate_sampling.deadline import Clock
from quorate_sampling.engine import Delta, Draw, Engine
from quorate_sampling.errors import EngineError
from quorate_sampling.forcing import Resumption
from quorate_sampling.pace import Pace
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
    """Draws answers beside one sample's thought, one at a time, each from a later point of it.

    Each is a completion of its own from exact token ids, prompt + thought + closer, with the
    settings of `draw`, as if the thought had been cut there. `pace` learns from it as it does from
    a thought that was cut.
    """

    engine: Engine
    draw: Draw
    alternatives: Alternatives
    pace: Pace
    clock: Clock
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

    async def ask(self, at: Mark, on: Resumption) -> bool:
        """Draw an answer from there; whether it came to its end. Never raises EngineError."""
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
        if spare.whole or (self._late and self.spare is spare):
            self.pace.closed(self.clock() - asked_at, whole=spare.whole, under=under)
        if spare.whole and (self.ready is None or spare.reply.finish_reason != "length"):
            self.spare = spare
        return spare.whole

    async def _fill(self, spare: Spare) -> None:
        on, reply = spare.on, spare.reply
        timing = self.pace.sent(len(on.token_ids), new_tokens=len(on.closer), clock=self.clock)

        def take(piece: Delta) -> None:
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
        self.over, self._late = True, late
        if self._stream is not None:
            await self._stream.stop(tail_s)
