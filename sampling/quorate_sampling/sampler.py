"""The life of one sample: drawn, maybe cut and made to answer, maybe stopped, always billed."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from quorate_sampling.closers import PreparedClosing
from quorate_sampling.deadline import Clock
from quorate_sampling.engine import (
    Continuation,
    Delta,
    Draw,
    Engine,
    EngineUsage,
    Sample,
    SampleState,
    SampleStream,
)
from quorate_sampling.errors import EngineError, EngineRejected, EngineUnavailable
from quorate_sampling.pace import Pace
from quorate_sampling.prompt_ids import PromptIds
from quorate_sampling.transcript import Transcript

OnDelta = Callable[[int, Delta], None]
"""Called with the sample's index for every piece that a client may be shown."""

CLOSE_TAIL_S = 0.5
"""How long a cut stream may take to end; engines that abort by id take under 30 ms."""


@dataclass(frozen=True, slots=True)
class CloseOrder:
    """Close the thought, then answer.

    `in_time` says how many tokens there is time for. `limit` is what the client allows a sample in
    all, `context` what the engine does, prompt included; None where it is not known.
    """

    closing: PreparedClosing
    in_time: Callable[[], int]
    limit: int | None = None
    context: int | None = None

    def most_tokens(self, drawn: int, in_context: int) -> int:
        """How many tokens may follow `drawn` of the sample's own and `in_context` in all."""
        most = self.in_time()
        if self.limit is not None:
            most = min(most, self.limit - drawn)
        if self.context is not None:
            most = min(most, self.context - in_context)
        return most


@dataclass(frozen=True, slots=True)
class EndOrder:
    """Stop. With `keep`, an answer that had begun is kept as far as it came."""

    keep: bool


class SampleRun:
    """One sample while it is drawn. One task awaits `run`; others give it orders.

    `prompt_ids` and `pace` learn from it: the prompt, and how fast the engine is.
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
        on_delta: OnDelta | None = None,
    ) -> None:
        self.index = index
        self._engine = engine
        self._draw = draw
        self._prompt_ids = prompt_ids
        self._pace = pace
        self._clock = clock
        self._on_delta = on_delta
        self._began_at = clock()
        self._thought = Transcript()
        self._answer: Transcript | None = None
        self._closing: PreparedClosing | None = None
        self._order: CloseOrder | EndOrder | None = None
        self._stream: SampleStream | None = None
        self._limit: asyncio.Timeout | None = None
        self._error: EngineError | None = None

    def thinking(self, closing: PreparedClosing) -> bool:
        """Whether the thought is still open, as far as is known, and so can be closed."""
        return self._order is None and self._open(closing, self._prompt_ids.known or ())

    def _open(self, closing: PreparedClosing, prompt: tuple[int, ...]) -> bool:
        return not (
            self._thought.answering
            or closing.closes(prompt)
            or closing.ended_in(self._thought.token_ids) is not None
        )

    async def run(self) -> None:
        """Draw the sample to its end, whichever it is; `outcome` then tells it."""
        try:
            if self._order is None:
                await self._read(self._engine.draw(self._draw), self._thought)
            if isinstance(self._order, CloseOrder) and not self._thought.ended_by_itself:
                await self._answer_now(self._order)
        except EngineError as error:
            self._error = error

    async def close_thought(self, order: CloseOrder) -> None:
        """End the thought now and have the sample answer."""
        self._order = order
        await self._stop_stream(CLOSE_TAIL_S)

    async def end(self, order: EndOrder, tail_s: float) -> None:
        """Stop the sample; its usage is waited for `tail_s` seconds at most."""
        self._order = order
        await self._stop_stream(tail_s)

    async def _stop_stream(self, tail_s: float) -> None:
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time() + tail_s)
        if self._stream is not None:
            with suppress(EngineError):  # the reader's limit ends the wait all the same
                await self._stream.stop()

    async def _read(self, stream: SampleStream, into: Transcript) -> None:
        if isinstance(self._order, EndOrder):
            await stream.aclose()
            return
        self._stream = stream
        into.asked_for = True
        sent_at = self._clock()
        first_at: float | None = None
        try:
            async with asyncio.timeout(None) as self._limit:
                async for delta in stream:
                    if first_at is None:
                        first_at = self._clock()
                        self._pace.first_token.append(first_at - sent_at)
                    self._prompt_ids.learn(delta.prompt_token_ids)
                    into.take(delta)
                    if self._on_delta is not None:
                        self._on_delta(self.index, delta)
        except TimeoutError:
            into.finish_reason = into.finish_reason or "abort"
        finally:
            self._stream = self._limit = None
            await stream.aclose()
        whole = into.ended_by_itself and into.finish_reason != "length"
        if into is self._thought and whole:
            self._pace.sample.append(self._clock() - sent_at)
        if first_at is not None and len(into.token_ids) > 1:
            self._pace.token.append((self._clock() - first_at) / (len(into.token_ids) - 1))

    async def _answer_now(self, order: CloseOrder) -> None:
        """Go on from exactly what was drawn, the thought closed unless it ended after all."""
        cut_at = self._clock()
        thought = self._thought
        prompt = await self._prompt_ids.get()
        if isinstance(self._order, EndOrder):
            return
        closer: tuple[int, ...] = ()
        if self._open(order.closing, prompt):
            self._closing, closer = order.closing, order.closing.token_ids
        token_ids = (*prompt, *thought.token_ids, *closer)
        most = order.most_tokens(len(thought.token_ids), len(token_ids))
        if most < 1:
            self._closing, thought.finish_reason = None, "length"
            return
        self._answer = Transcript(opener=self._closing.opener if self._closing else thought.content)
        if self._on_delta is not None and self._closing is not None:
            words = Delta(reasoning=self._closing.last_words, content=self._closing.opener)
            self._on_delta(self.index, words)
        continuation = Continuation(
            sample_id=f"{self._draw.sample_id}-answer",
            body=self._draw.body,
            token_ids=token_ids,
            max_tokens=most,
            seed=self._draw.seed,
            stream_interval=self._draw.stream_interval,
        )
        try:
            await self._read(self._engine.resume(continuation), self._answer)
        except EngineRejected:  # no room left in the context: there is no answer, and none failed
            self._answer.finish_reason = "length"
            return
        if self._answer.ended_by_itself or self._kept():
            self._pace.closed(self._clock() - cut_at, whole=self._answer.ended_by_itself)

    def outcome(self) -> Sample:
        """The sample as far as it came; an engine's failure is part of it."""
        thought, answer, closing = self._thought, self._answer, self._closing
        last = answer or thought
        sample = Sample(
            index=self.index,
            state=self._state(last),
            reasoning=thought.reasoning,
            content=last.content,
            token_ids=tuple(thought.token_ids),
            logprobs=tuple(thought.logprobs),
            tool_calls=tuple(thought.tool_calls),
            finish_reason=last.finish_reason if last.ended_by_itself else "length",
            usage=self._bill(thought),
            seconds=self._clock() - self._began_at,
            error=self._error,
        )
        if answer is None:
            return sample
        words = (sample.reasoning, closing.last_words if closing else "")
        closer = closing.token_ids if closing else ()
        drawn = len(sample.token_ids)
        return replace(
            sample,
            reasoning="\n".join(part for part in words if part),
            token_ids=(*sample.token_ids, *closer, *answer.token_ids),
            forced_span=(drawn, drawn + len(closer)) if closing else None,
            logprobs=(*sample.logprobs, *answer.logprobs),
            usage=sample.usage.followed_by(self._bill(answer)),
        )

    def _state(self, last: Transcript) -> SampleState:
        if self._error is not None:
            return "failed"
        if last.ended_by_itself:
            return "finished"
        return (
            "cut" if self._kept() and (last.answering or self._thought.answering) else "cancelled"
        )

    def _kept(self) -> bool:
        return isinstance(self._order, EndOrder) and self._order.keep

    def _bill(self, transcript: Transcript) -> EngineUsage:
        refused = isinstance(self._error, EngineRejected | EngineUnavailable)
        if not transcript.asked_for or (refused and not transcript.token_ids):
            return transcript.usage or EngineUsage()  # nothing was generated
        return transcript.bill(len(self._prompt_ids.known or ()), self._draw.stream_interval)
