"""The life of one sample: drawn, maybe cut and made to answer, maybe stopped, always billed."""

import asyncio
from collections.abc import Callable, Sequence

from quorate_sampling.alternatives import Alternatives
from quorate_sampling.asker import Asker
from quorate_sampling.closers import PreparedClosing
from quorate_sampling.cutting import Ask, Cut, Reply, TraceWatch
from quorate_sampling.deadline import Clock
from quorate_sampling.engine import (
    Delta,
    Draw,
    Engine,
    EngineUsage,
    Sample,
    SampleState,
    SampleStream,
)
from quorate_sampling.errors import EngineError, EngineRejected
from quorate_sampling.forcing import Resumption, resumption
from quorate_sampling.held import HeldBack
from quorate_sampling.orders import CloseOrder, EndOrder, Room
from quorate_sampling.pace import Pace
from quorate_sampling.prompt_ids import PromptIds
from quorate_sampling.record import Record
from quorate_sampling.standby import Spare, Standby
from quorate_sampling.stoppable import StoppableStream
from quorate_sampling.transcript import Mark, Transcript

OnDelta = Callable[[int, Delta], None]
"""Called with the sample's index for every piece that a client may be shown."""

CLOSE_TAIL_S = 0.5
"""How long a cut stream may take to end; engines that abort by id take under 30 ms."""


class SampleRun:
    """One sample while it is drawn. One task awaits `run`; others give it orders.

    `prompt_ids` and `pace` learn from it: the prompt, and how fast the engine is. `watch` may cut
    it; what that asks goes through `asker`, None where the sample cannot be asked. `alternatives`
    tells what of the log-probabilities the client is to see.

    With an `order` the thought is closed from the start: nothing is drawn before the closer.
    `closing` is how thoughts end here, for telling one that the engine ended. `when_full` is
    followed when a thought has filled the context.
    """

    def __init__(
        self,
        engine: Engine,
        draw: Draw,
        index: int,
        *,
        prompt_ids: PromptIds,
        pace: Pace,
        clock: Clock,
        room: Room | None = None,
        alternatives: Alternatives | None = None,
        watch: TraceWatch | None = None,
        asker: Asker | None = None,
        on_delta: OnDelta | None = None,
        order: CloseOrder | None = None,
        closing: PreparedClosing | None = None,
        when_full: CloseOrder | None = None,
    ) -> None:
        self.index = index
        self._engine = engine
        self._draw = draw
        self._prompt_ids = prompt_ids
        self._pace = pace
        self._clock = clock
        self._room = room or Room()
        self._alternatives = alternatives or Alternatives(draw.body)
        self._watch = watch
        self._asker = asker
        self._on_delta = on_delta
        self._began_at = clock()
        self._when_full = when_full
        self._record = Record(
            replies=asker.asked if asker is not None else [],
            shows_logprobs=self._alternatives.shows_any,
            ways=closing,
            budget=draw.thinking_tokens,
        )
        self._order: CloseOrder | EndOrder | Cut | None = order
        self._ordered_at: float | None = None
        """When its thought was ordered closed while it was drawn."""
        self._stream: StoppableStream | None = None
        self._error: EngineError | None = None
        self._shown = HeldBack(self._tell)
        self._beside: asyncio.TaskGroup | None = None
        self._standby: Standby | None = None
        self._standing_by: asyncio.Task[None] | None = None

    def thinking(self, closing: PreparedClosing) -> bool:
        """Whether the thought is still open, as far as is known, and so can be closed."""
        return self._undisturbed and self._record.open(closing, self._prompt_ids.known or ())

    @property
    def begun(self) -> bool:
        """Whether anything was thought yet: until then its prompt is not in the engine's cache."""
        return bool(self._record.thought.token_ids)

    @property
    def _undisturbed(self) -> bool:
        return self._order is None and not self._record.settled

    async def run(self) -> None:
        """Draw the sample to its end, whichever it is; `outcome` then tells it."""
        try:
            async with asyncio.TaskGroup() as self._beside:
                try:
                    await self._draw_through(self._beside)
                except EngineError as error:
                    self._error = error if not self._record.settled else None
                finally:
                    self._beside = None
                if self._asker is not None:
                    await self._asker.drop(CLOSE_TAIL_S)
                if self._standby is not None and not self._standby.over:
                    await self._drop_standby(CLOSE_TAIL_S)
        finally:
            if self._standby is not None and not self._record.settled:
                self._decide(self._standby)

    async def _draw_through(self, beside: asyncio.TaskGroup) -> None:
        thought = self._record.thought

        def take(piece: Delta) -> None:
            self._take(piece, thought)
            if self._watch is not None and self._undisturbed:
                self._heed(self._watch, self._watch.see(piece), beside)

        if self._order is None:
            await self._think(take)
        order = self._order or self._when_full
        if isinstance(order, CloseOrder) and self._unanswered(order):
            self._order = order
            await self._answer_now(order)

    async def _think(self, take: Callable[[Delta], None]) -> None:
        thought = self._record.thought
        drawn = self._engine.draw(self._draw)
        try:
            await self._read(drawn, thought, take, self._prompt_ids.known)
        except EngineError:
            if not await self._fall_back():
                raise
        else:
            if thought.ended_by_itself and not self._answered:
                await self._fall_back()

    def _unanswered(self, order: CloseOrder) -> bool:
        """Whether an order to close the thought has something left to do."""
        thought = self._record.thought
        if self._record.settled:
            return False
        if not thought.ended_by_itself:
            return self._order is not None
        prompt = self._prompt_ids.known or ()
        full = self._room.filled_by(len(prompt) + len(thought.token_ids))
        return full and self._record.open(order.closing, prompt)

    async def close_thought(self, order: CloseOrder) -> None:
        """End the thought now and have the sample answer."""
        if self._undisturbed:
            self._order = order
            self._ordered_at = self._clock()
            await self._stop(CLOSE_TAIL_S)

    def answer_beside(self, order: CloseOrder) -> None:
        """Have an answer drawn beside the thought, which goes on.

        It is the sample's if the thought has not led to one of its own by the sample's end.
        """
        if self._beside is None or self._standby or not self.thinking(order.closing):
            return
        self._standby = Standby(
            self._engine,
            self._draw,
            self._prompt_ids,
            self._room,
            self._alternatives,
            self._pace,
            self._clock,
            self._record.thought,
            lambda: self.thinking(order.closing),
            self._shown,
            self._record.replies,
        )
        self._standing_by = self._beside.create_task(self._stand_by(self._standby, order))

    async def end(self, order: EndOrder, tail_s: float) -> None:
        """Stop the sample; its usage is waited for `tail_s` seconds at most."""
        if not isinstance(self._order, Cut):
            self._order = order
        if order.keep and not self._answered:
            self._settle_for_ready()
        await self._stop(tail_s)

    async def _stop(self, tail_s: float) -> None:
        if self._stream is not None:
            await self._stream.stop(tail_s)
        if self._asker is not None:
            await self._asker.drop(tail_s)
        await self._drop_standby(tail_s, late=self._kept())

    async def _drop_standby(self, tail_s: float, *, late: bool = False) -> None:
        standby, standing_by = self._standby, self._standing_by
        if standby is None or standing_by is None:
            return
        if not standby.busy:
            standing_by.cancel()
        await standby.drop(tail_s, late=late)

    @property
    def _answered(self) -> bool:
        """Whether the thought led to an answer of its own, which is whole."""
        prompt, ways = self._prompt_ids.known or (), self._record.ways
        thought = self._record.thought
        return thought.ended_by_itself and not (ways and self._record.open(ways, prompt))

    async def _stand_by(self, standby: Standby, order: CloseOrder) -> None:
        if not await standby.answer(order):
            self._shown.release()
            self._standing_by = None
            await self.close_thought(order)

    async def _fall_back(self) -> bool:
        """Take the answer from beside for a thought that came to none; whether there is one."""
        if self._standby is None or self._standing_by is None:
            return False
        if self._standby.ready is None:
            await asyncio.wait([self._standing_by])
        return self._record.settled or self._settle_for_ready()

    def _settle_for_ready(self) -> bool:
        spare = self._standby.ready if self._standby is not None else None
        if spare is not None:
            self._settle_for(spare)
        return spare is not None

    def _decide(self, standby: Standby) -> None:
        """Whose answer it is, now that nothing more comes: a part of one is better than none."""
        spare, thought = standby.spare, self._record.thought
        wanted = self._kept() and self._error is None and not self._answered
        better = spare is not None and spare.reply.answering and not thought.answering
        if wanted and spare is not None and (spare.whole or better):
            self._settle_for(spare)
        else:
            self._shown.release()

    def _settle_for(self, spare: Spare) -> None:
        at, on, reply = spare
        self._record.settle(at, reply, on.closing, on.closer)
        self._shown.settle(at.token_ids)
        self._tell_closed(on, self._record.thought.thought_until(at))
        if reply.answering:
            self._tell(Delta(content=reply.content, logprobs=tuple(reply.logprobs)))

    def _heed(self, watch: TraceWatch, order: Cut | Ask | None, beside: asyncio.TaskGroup) -> None:
        asker, thought = self._asker, self._record.thought
        if isinstance(order, Cut):
            self._order = order
            beside.create_task(self._stop(CLOSE_TAIL_S))
        elif asker is not None and asker.busy and thought.answering:
            beside.create_task(asker.drop(CLOSE_TAIL_S))
        elif asker is not None and isinstance(order, Ask) and self.thinking(asker.closing):
            beside.create_task(self._ask(watch, asker, order, thought.mark()))

    async def _ask(self, watch: TraceWatch, asker: Asker, order: Ask, at: Mark) -> None:
        thought = self._record.thought
        reply = await asker.ask(thought.token_ids[: at.token_ids], order.max_tokens)
        if not self._undisturbed or thought.answering or thought.ended_by_itself:
            return
        if reply is None:
            watch.hear(None)
        elif watch.hear(Reply(reply.content, whole=reply.finish_reason != "length")) is not None:
            self._record.settle(at, reply, asker.closing, asker.closing.token_ids)
            await self._stop(CLOSE_TAIL_S)

    def _take(self, piece: Delta, into: Transcript) -> None:
        self._prompt_ids.learn(piece.prompt_token_ids)
        self._record.scores.take(piece.logprobs)
        shown = self._alternatives.shown_of(piece)
        into.take(shown)
        if into is self._record.thought:
            self._shown.take(shown, len(into.token_ids))
        else:
            self._tell(shown)

    async def _read(
        self,
        stream: SampleStream,
        into: Transcript,
        take: Callable[[Delta], None],
        prompt: Sequence[int] | None,
        unread: int = 0,
    ) -> None:
        """Read a stream of this sample. `unread`: tokens of its prompt that are new to the engine,
        where the prompt itself was sent before."""
        if isinstance(self._order, EndOrder):
            await stream.aclose()
            return
        sent_before = self.index > 0 or bool(self._record.thought.token_ids)
        timing = self._pace.sent(
            len(prompt) if prompt else None,
            new_tokens=unread if sent_before else None,
            clock=self._clock,
        )

        def timed(piece: Delta) -> None:
            if piece.elsewhere:
                timing.ended(0)
            timing.first_token(len(piece.prompt_token_ids or ()) or None)
            take(piece)
            timing.progress(len(into.token_ids))

        self._stream = StoppableStream(stream)
        try:
            await into.fill(self._stream, timed)
        finally:
            self._stream = None
            known = prompt or self._prompt_ids.known or ()
            told = into.usage or EngineUsage()
            whole = into.ended_by_itself and into.finish_reason != "length"
            timing.ended(
                len(into.token_ids) or told.completion_tokens,
                len(known) or told.prompt_tokens or None,
                whole=whole and into is self._record.thought,
            )

    async def _answer_now(self, order: CloseOrder) -> None:
        """Go on from exactly what was drawn, the thought closed unless it ended after all."""
        ordered_at = self._clock() if self._ordered_at is None else self._ordered_at
        under = self._pace.conditions()
        record, thought = self._record, self._record.thought
        prompt = await self._prompt_ids.get() if order.closing.text is None else ()
        if isinstance(self._order, EndOrder):
            return
        still_open = record.open(order.closing, prompt)
        on = resumption(thought, still_open=still_open, prompt=prompt, order=order, room=self._room)
        if on is None:
            thought.finish_reason = "length"
            return
        answer = record.resume(on)
        self._tell_closed(on, thought)

        def take(piece: Delta) -> None:
            if on.closing is not None and piece.content and not answer.answering:
                self._tell(Delta(content=on.closing.opener))
            self._take(piece, answer)

        try:
            resumed = self._engine.resume(on.continuation(self._draw))
            await self._read(resumed, answer, take, on.token_ids, len(on.closer))
        except EngineRejected:  # no room left in the context: there is no answer, and none failed
            answer.finish_reason = "length"
            return
        if not answer.elsewhere and (answer.ended_by_itself or self._kept()):
            seconds = self._clock() - ordered_at
            whole = answer.ended_by_itself and answer.finish_reason != "length"
            self._pace.closed(seconds, whole=whole, under=under)

    def _tell_closed(self, on: Resumption, thought: Transcript) -> None:
        """Let the reader of the stream see what was put behind the thought.

        The opener waits for the answer: nothing may come of it.
        """
        if on.closing is not None:
            words = on.closing.last_words if thought.reasoning else ""
            self._tell(Delta(words and f"\n{words}", logprobs=self._record.placed))

    def _tell(self, piece: Delta) -> None:
        if self._on_delta is not None:
            self._on_delta(self.index, piece)

    def outcome(self) -> Sample:
        """The sample as far as it came; an engine's failure is part of it."""
        record = self._record
        was_cut = isinstance(self._order, Cut) and not record.thought.ended_by_itself
        return record.sample(
            self.index,
            self._state(),
            cut_short=was_cut or (record.settled and self._standby is None),
            seconds=self._clock() - self._began_at,
            error=self._error,
            prompt=self._prompt_ids.known or (),
            unseen=self._draw.stream_interval,
        )

    def _state(self) -> SampleState:
        record = self._record
        if self._error is not None:
            return "failed"
        if record.last.ended_by_itself:
            return "finished"
        begun = record.last.answering or record.thought.answering
        return "cut" if self._kept() and begun else "cancelled"

    def _kept(self) -> bool:
        return isinstance(self._order, EndOrder) and self._order.keep
