"""The life of one sample: drawn, maybe cut and made to answer, maybe stopped, always billed."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from quorate_sampling.closers import PreparedClosing
from quorate_sampling.deadline import Clock
from quorate_sampling.engine import (
    Continuation,
    Delta,
    Draw,
    Engine,
    EngineUsage,
    Sample,
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
    """Close the thought, then answer in at most `max_tokens()` tokens."""

    closing: PreparedClosing
    max_tokens: Callable[[], int]


@dataclass(frozen=True, slots=True)
class EndOrder:
    """Stop. With `keep`, an answer that had begun counts as far as it came."""

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
        """Whether the thought is still open, and so can be closed."""
        return (
            self._order is None
            and not self._thought.answering
            and closing.ended_in(self._thought.token_ids) is None
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
        closing = order.closing
        cut_at = self._clock()
        prompt = await self._prompt_ids.get()
        self._closing, self._answer = closing, Transcript(opener=closing.opener)
        if self._on_delta is not None:
            words = Delta(reasoning=closing.last_words, content=closing.opener)
            self._on_delta(self.index, words)
        continuation = Continuation(
            sample_id=f"{self._draw.sample_id}-answer",
            body=self._draw.body,
            token_ids=(*prompt, *self._thought.token_ids, *closing.token_ids),
            max_tokens=max(1, order.max_tokens()),
            seed=self._draw.seed,
            stream_interval=self._draw.stream_interval,
        )
        try:
            await self._read(self._engine.resume(continuation), self._answer)
        except EngineRejected:  # no room left in the context: there is no answer, and none failed
            self._answer.finish_reason = "length"
        if self._answer.ended_by_itself:
            self._pace.closing.append(self._clock() - cut_at)

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
        if answer is None or closing is None:
            return sample
        words = (sample.reasoning, closing.last_words)
        drawn = len(sample.token_ids)
        return replace(
            sample,
            reasoning="\n".join(part for part in words if part),
            token_ids=(*sample.token_ids, *closing.token_ids, *answer.token_ids),
            forced_span=(drawn, drawn + len(closing.token_ids)),
            logprobs=(*sample.logprobs, *answer.logprobs),
            usage=sample.usage.followed_by(self._bill(answer)),
        )

    def _state(self, last: Transcript) -> Literal["finished", "cancelled", "failed"]:
        if self._error is not None:
            return "failed"
        if last.ended_by_itself:
            return "finished"
        keep = isinstance(self._order, EndOrder) and self._order.keep
        return "finished" if keep and last.answering else "cancelled"

    def _bill(self, transcript: Transcript) -> EngineUsage:
        refused = isinstance(self._error, EngineRejected | EngineUnavailable)
        if not transcript.asked_for or (refused and not transcript.token_ids):
            return transcript.usage or EngineUsage()  # nothing was generated
        return transcript.bill(len(self._prompt_ids.known or ()), self._draw.stream_interval)
