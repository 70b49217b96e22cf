"""Drawing samples of one prompt side by side, within a deadline where there is one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import InitVar, dataclass, field
from typing import Any

from quorate_sampling.alternatives import Alternatives, alternatives
from quorate_sampling.asker import Asker, why_not_asked
from quorate_sampling.closers import PreparedClosing
from quorate_sampling.cutting import Cutting, TraceCutter, TraceWatch
from quorate_sampling.deadline import Clock
from quorate_sampling.engine import Draw, Engine, Sample
from quorate_sampling.orders import CloseOrder, EndOrder, Room
from quorate_sampling.pace import Pace
from quorate_sampling.pacing import Conditions
from quorate_sampling.planning import (
    Allowed,
    AnswerLengths,
    Course,
    Plan,
    Timekeeper,
)
from quorate_sampling.prompt_ids import PromptIds
from quorate_sampling.sampler import OnDelta, SampleRun
from quorate_sampling.scheduler import Situation
from quorate_sampling.seeds import derived_seed
from quorate_sampling.timetable import LEAST_TAIL_S, Timetable

UNHURRIED_ANSWER_TOKENS = 4096
"""The longest answer behind a thought that is closed from the start, where no deadline presses."""

UNHURRIED_TAIL_S = 3.0
"""How long a stopped sample's usage is waited for where no deadline presses.

Engines report within 30 ms; an oversubscribed machine was seen to take more than a second, and a
bill that is a bound helps nobody.
"""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What all samples of a drawing share.

    `body` is the client's chat request without Quorate's own fields; `request_id` is unique, and
    each sample's id on the engine derives from it. `chat` is False for a text completion.
    `closing` is None where a thought cannot be closed (the engine or the request does not allow
    it). `limit` is how many tokens the client allows a sample, `context` how many the engine
    takes, prompt included. `stream_interval`: tokens a chunk. `tokens` is about how long the prompt
    itself is, for as long as its ids are not known. `answers` learns how long the answers behind
    its `closing` are.

    `ending` is how thoughts end that cannot be closed, None where that is not known. `budgeted`:
    the engine itself may end such a thought at a budget, where it can.
    """

    body: Mapping[str, Any]
    request_id: str
    chat: bool = True
    seed: int | None = None
    closing: PreparedClosing | None = None
    limit: int | None = None
    context: int | None = None
    stream_interval: int = 16
    tokens: int = 0
    answers: AnswerLengths | None = None
    ending: PreparedClosing | None = None
    budgeted: bool = False

    @property
    def room(self) -> Room:
        return Room(self.limit, self.context)


@dataclass(slots=True, eq=False)
class Drawing:
    """Samples of one prompt being drawn; made by `drawing`.

    With a timetable it keeps time by itself: the plan is reviewed, thoughts are closed when it is
    time to, and `next` says that there is no more when the time is up.
    """

    _engine: Engine
    _prompt: Prompt
    _pace: Pace
    _clock: Clock
    _timetable: InitVar[Timetable | None]
    _tasks: asyncio.TaskGroup
    _alternatives: Alternatives
    _cutter: TraceCutter | None = None
    _on_delta: OnDelta | None = None
    _finished: asyncio.Queue[Sample | None] = field(default_factory=asyncio.Queue)
    _running: dict[SampleRun, asyncio.Task[None]] = field(default_factory=dict)
    _on_end: Callable[[Sample], None] | None = None
    _beside: Callable[[int], bool] | None = None
    _closed: bool = False
    _told: int = 0
    halted: bool = False
    """Whether the drawing was told to stop; see `halt`."""
    _prompt_ids: PromptIds = field(init=False)
    _time: Timekeeper | None = None
    _keeping: asyncio.Task[None] | None = None
    started: int = 0
    samples: dict[int, Sample] = field(default_factory=dict)
    """Every sample that has ended, by its index."""
    course: Course = field(default_factory=Course)
    """What was planned, where there is a timetable."""

    def __post_init__(self, timetable: Timetable | None) -> None:
        self._prompt_ids = PromptIds(self._engine, self._prompt.body)
        if timetable is not None:
            self._time = Timekeeper(
                timetable, self._pace, self._clock, self.course, self._closing_conditions
            )
            keeping = self._time.keep(self._close_thoughts, lambda: self._finished.put_nowait(None))
            self._keeping = self._tasks.create_task(keeping)

    @property
    def timetable(self) -> Timetable | None:
        """As of its last review: its closing time moves with the engine's pace."""
        return self._time.timetable if self._time is not None else None

    @property
    def in_flight(self) -> int:
        """Samples that `next` has not told of: several may have ended in one step of the engine."""
        return self.started - self._told

    @property
    def closing_time(self) -> bool:
        """Whether it is too late to start another sample."""
        timetable = self.timetable
        return self._closed or (timetable is not None and self._clock() >= timetable.close_at)

    @property
    def cut_short(self) -> bool:
        """Whether the time for thinking ran out while samples were being drawn."""
        return self._closed

    def plan_next(self, needed: int, now: Situation, *, votes: bool) -> Plan | None:
        """What to start now, with `needed` samples wanted in flight; None without a timetable.

        `now` is as in `samples_to_start`, its times left out; for `votes` see `Allowed`.
        """
        if self._time is None:
            return None
        closing = self._prompt.closing  # as text it comes too late: the thought would begin anew
        allowed = Allowed(votes=votes)
        if closing is not None:
            allowed = Allowed(closing.text is None, votes, closing.cut_thoughts)
        return self._time.plan(needed, now, allowed, prompt_tokens=self._prompt_tokens)

    def carry_out(self, planned: Plan) -> range:
        """Start what was planned; the indices of the samples that are its net."""
        self.course.take(self._clock(), planned)
        self.launch(planned.samples, closed=planned.mode == "closed")
        return self.launch(planned.net, closed=True)

    def launch(self, count: int, *, closed: bool = False) -> range:
        """Start `count` more samples, their thoughts `closed` from the start; their indices."""
        indices = range(self.started, self.started + count)
        self.started += count
        for index in indices:
            watch = self._cutter.watch(index) if self._cutter is not None and not closed else None
            run = self._sample_run(index, watch, closed=closed)
            self._running[run] = self._tasks.create_task(self._see_through(run, watch))
        return indices

    def _sample_run(self, index: int, watch: TraceWatch | None, *, closed: bool) -> SampleRun:
        prompt = self._prompt
        draw = Draw(
            sample_id=f"{prompt.request_id}-{index}",
            body=self._alternatives.body,
            chat=prompt.chat,
            seed=derived_seed(prompt.seed, index),
            stream_interval=prompt.stream_interval,
            thinking_tokens=self._thinking_tokens(),
        )
        return SampleRun(
            self._engine,
            draw,
            index,
            prompt_ids=self._prompt_ids,
            pace=self._pace,
            clock=self._clock,
            room=prompt.room,
            alternatives=self._alternatives,
            watch=watch,
            asker=self._asker(draw.sample_id) if watch is not None else None,
            on_delta=self._on_delta,
            order=self._close_order() if closed else None,
            closing=prompt.closing or prompt.ending,
            when_full=self._close_order() if prompt.closing is not None else None,
        )

    def _thinking_tokens(self) -> int | None:
        """The engine's own budget for a thought that starts now; None where it is not to end it.

        An engine that ends a thought does not lead into an answer: where that is wanted it is left
        to the gateway.
        """
        closing, time = self._prompt.closing, self._time
        wanted = self._prompt.budgeted if closing is None else not closing.opener
        if time is None or not wanted or not self._engine.abilities.thinking_budget:
            return None
        return time.thinking_budget(
            prompt_tokens=self._prompt_tokens, alone=closing is None, on=self._may_think_on
        )

    @property
    def _may_think_on(self) -> bool:
        """Whether thoughts may go on beside their forced answers, as far as is known now."""
        timetable, closing = self.timetable, self._prompt.closing
        if self._beside is None or timetable is None or not timetable.to_the_end:
            return False
        exact = closing is not None and closing.text is None
        return exact and why_not_asked(self._engine.abilities, closing) is None

    @property
    def _prompt_tokens(self) -> int:
        known = self._prompt_ids.known
        return len(known) if known is not None else self._prompt.tokens

    def _asker(self, sample_id: str) -> Asker | None:
        prompt, closing = self._prompt, self._prompt.closing
        if closing is None or why_not_asked(self._engine.abilities, closing):
            return None
        return Asker(self._engine, sample_id, prompt.body, self._prompt_ids, closing, prompt.room)

    def halt(self) -> None:
        """Have `next` say that there is no more, though samples are still being drawn."""
        if not self.halted:
            self.halted = True
            self._finished.put_nowait(None)

    async def next(self) -> Sample | None:
        """The next sample to end; None when nothing is being drawn, or it is not to go on."""
        if not self._running and self._finished.empty():
            return None
        sample = await self._finished.get()
        self._told += sample is not None
        return sample

    async def _see_through(self, run: SampleRun, watch: TraceWatch | None) -> None:
        try:
            await run.run()
        finally:
            sample = run.outcome()
            del self._running[run]
            if watch is not None:
                watch.ended(sample)
            self.samples[run.index] = sample
            self._learn(sample)
            if self._on_end is not None:
                self._on_end(sample)
            self._finished.put_nowait(sample)

    def _closing_conditions(self) -> Conditions:
        """Those under which all samples that run now would go on behind a closer."""
        together = max(1, len(self._running))
        return self._pace.conditions(prompt_tokens=self._prompt_tokens, more=together - 1)

    def _learn(self, sample: Sample) -> None:
        """Note how long an answer behind a closed thought was."""
        span, answers = sample.forced_span, self._prompt.answers
        if answers is not None and span is not None and sample.state in ("finished", "cut"):
            answers.saw(len(sample.token_ids) - span[1])

    def _close_thoughts(self) -> None:
        self._closed = True
        closing = self._prompt.closing
        if closing is None:
            return
        order = self._close_order()
        thinking = [run for run in self._running if run.thinking(closing)]
        on = self._may_think_on and self._beside is not None and self._beside(len(thinking))
        for run in thinking:
            if on and run.begun:
                run.answer_beside(order)
            else:
                self._tasks.create_task(run.close_thought(order))

    def _close_order(self) -> CloseOrder:
        assert self._prompt.closing is not None
        return CloseOrder(self._prompt.closing, self._tokens_left)

    def _tokens_left(self) -> int:
        """How many tokens an answer may have that starts now."""
        return UNHURRIED_ANSWER_TOKENS if self._time is None else self._time.answer_tokens()

    async def end(self) -> None:
        """Stop whatever still runs, and wait for its bill: briefly, where a deadline presses."""
        keep, tail_s = False, UNHURRIED_TAIL_S
        if self._keeping is not None:
            self._keeping.cancel()
        if self.timetable is not None:
            now = self._clock()
            keep = now >= self.timetable.end_at
            tail_s = min(UNHURRIED_TAIL_S, max(LEAST_TAIL_S, self.timetable.deadline.at - now))
        order = EndOrder(keep)
        running = list(self._running.items())
        orders = [self._tasks.create_task(run.end(order, tail_s)) for run, _ in running]
        if running:
            await asyncio.wait([task for _, task in running], timeout=tail_s)
        for task in (*orders, *(task for _, task in running)):
            task.cancel()  # no effect on what has ended, which is nearly always everything


@asynccontextmanager
async def drawing(
    engine: Engine,
    prompt: Prompt,
    *,
    pace: Pace,
    clock: Clock,
    timetable: Timetable | None = None,
    cutting: Cutting | None = None,
    top_logprobs: int | None = None,
    on_delta: OnDelta | None = None,
    on_end: Callable[[Sample], None] | None = None,
    beside: Callable[[int], bool] | None = None,
) -> AsyncIterator[Drawing]:
    """Open a drawing; on leaving, everything that still runs is stopped and billed.

    `cutting` may stop samples before their end. `top_logprobs` is how many alternatives a token
    the group needs to know; None where it needs no log-probabilities. Neither changes what the
    client sees of them.

    When it is time to close thoughts, `beside` is asked whether so many answers may be drawn beside
    them instead, while they go on to the end of the time; None: never.

    `on_end` is called once for each sample that was started, when it has ended, however it did.
    That holds for a cancelled caller too (a client that left): the samples are stopped on the
    engine by id and asked for their usage before the cancellation goes on.
    """
    failure: Exception | None = None
    async with asyncio.TaskGroup() as tasks:
        draw = Drawing(
            engine,
            prompt,
            pace,
            clock,
            timetable,
            tasks,
            alternatives(prompt.body, _most(top_logprobs, cutting), chat=prompt.chat),
            cutting.begin() if cutting is not None else None,
            _on_delta=on_delta,
            _on_end=on_end,
            _beside=beside,
        )
        try:
            yield draw
        except Exception as error:  # kept out of the task group, which would wrap it in a group
            failure = error
        finally:
            await draw.end()
    if failure is not None:
        raise failure


def _most(top_logprobs: int | None, cutting: Cutting | None) -> int | None:
    """How many alternatives a token have to be asked for, for whoever needs the most."""
    asked = (top_logprobs, cutting.top_logprobs if cutting is not None else None)
    return max((count for count in asked if count is not None), default=None)
