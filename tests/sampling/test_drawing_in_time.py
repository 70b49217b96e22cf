"""Samples drawn to a deadline: what is planned, and what becomes of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from quorate_sampling.choices import draw_each
from quorate_sampling.closers import PreparedClosing
from quorate_sampling.deadline import Clock, Deadline
from quorate_sampling.drawing import Prompt
from quorate_sampling.engine import Continuation, Delta, Sample, SampleStream
from quorate_sampling.pace import Pace
from quorate_sampling.pacing import Conditions
from quorate_sampling.planning import AnswerLengths, Course
from quorate_sampling.timetable import Timetable, timetable
from quorate_sampling.turns import TextClosing
from tests.sampling.scripted import ABLE, CLOSER_IDS, END_ID, PROMPT_IDS, Script, ScriptedEngine
from tests.sampling.virtual_time import loop_clock, virtual_time

CLOSING = PreparedClosing(CLOSER_IDS, (END_ID,), last_words="", opener="\\boxed{")
PROSE = replace(CLOSING, opener="")
PROMPT = Prompt({"messages": []}, "q", seed=1, closing=CLOSING)
LONG = Script(thought=100_000, token_s=0.008, first_s=0.04)
ANSWER = Script("13", thought=0, token_s=0.008, first_s=0.04)


def gpu(**kwargs: Any) -> ScriptedEngine:
    """A 7-B model on one GPU: 40 ms to the first token, 8 ms a token."""
    return ScriptedEngine([LONG], forced=replace(ANSWER, **kwargs))


def table(pace: Pace, budget_s: float, clock: Clock = loop_clock) -> Timetable:
    deadline = Deadline.after(budget_s, started_at=clock(), clock=clock)
    return timetable(deadline, pace, 16)


async def warmed() -> Pace:
    """The pace of such an engine, learnt as `engines.warmup` does."""
    pace = Pace()
    for _ in range(8):
        now = loop_clock()
        at_once = Timetable(Deadline(now, now + 10, loop_clock), now + 0.5, now + 10)
        await draw_each(gpu(), PROMPT, 4, pace=pace, clock=loop_clock, timetable=at_once)
    return pace


@dataclass
class Drawn:
    """What came of a drawing."""

    samples: tuple[Sample, ...]
    seconds: float
    course: Course = field(default_factory=Course)


async def drawn(
    engine: ScriptedEngine,
    pace: Pace,
    budget_s: float,
    count: int = 1,
    *,
    clock: Callable[[], float] = loop_clock,
    prompt: Prompt = PROMPT,
) -> Drawn:
    courses: list[Course] = []
    began_at = loop_clock()
    samples = await draw_each(
        engine,
        prompt,
        count,
        pace=pace,
        clock=clock,
        timetable=table(pace, budget_s, clock),
        on_plan=courses.append,
    )
    return Drawn(samples, loop_clock() - began_at, *courses)


@virtual_time
async def test_a_budget_too_short_to_think_is_answered_without_a_thought() -> None:
    pace, engine = await warmed(), gpu()
    short = await drawn(engine, pace, 0.4, 3)
    assert engine.draws == []
    assert [sample.state for sample in short.samples] == ["finished"] * 3
    assert all(sample.forced and sample.thought_tokens == 0 for sample in short.samples)
    assert short.course.first is not None
    assert short.course.first.mode == "closed"
    assert (short.course.started, short.course.closed) == (3, 3)
    assert short.seconds < 0.4


@virtual_time
async def test_each_choice_thinks_where_there_is_time_and_is_forced() -> None:
    pace, engine = await warmed(), gpu()
    raced = await drawn(engine, pace, 2.0, 3)
    assert len(engine.draws) == 3
    assert [sample.content for sample in raced.samples] == ["\\boxed{13"] * 3
    assert all(sample.forced and (sample.thought_tokens or 0) > 100 for sample in raced.samples)
    assert raced.course.first is not None
    assert raced.course.first.mode == "raced"
    thought = raced.samples[0].thought_tokens or 0
    assert raced.course.first.thinking_tokens == pytest.approx(thought, rel=0.1)


@pytest.mark.parametrize("budget_s", [1.0, 2.0, 3.5, 8.0, 30.0])
def test_nearly_all_of_the_time_is_used_at_the_timing_of_a_gpu(budget_s: float) -> None:
    @virtual_time
    async def scenario() -> None:
        used = await drawn(gpu(), await warmed(), budget_s)
        assert used.samples[0].state == "finished"
        assert 0.8 * budget_s <= used.seconds < budget_s

    scenario()


@virtual_time
async def test_thoughts_are_closed_earlier_when_the_engine_turns_out_slower() -> None:
    pace, slower = await warmed(), gpu(first_s=0.3, token_s=0.05)
    running = asyncio.ensure_future(drawn(slower, pace, 3.0))
    await asyncio.sleep(0.5)
    for _ in range(60):
        pace.closed(0.8, whole=True)
    late = await running
    assert late.samples[0].state == "finished"
    assert late.seconds <= 3.0
    assert late.course.replanned >= 1


@virtual_time
async def test_a_thought_that_ends_by_itself_is_left_alone_and_not_waited_for() -> None:
    pace = await warmed()
    quick = ScriptedEngine([Script("46", thought=30, token_s=0.008, first_s=0.04)])
    done = await drawn(quick, pace, 5.0)
    assert (done.samples[0].content, done.samples[0].forced) == ("46", False)
    assert done.seconds < 0.5
    assert quick.running == 0


@dataclass
class JumpingClock:
    """The loop's time, and what it jumped."""

    jumped_s: float = 0.0

    def __call__(self) -> float:
        return loop_clock() + self.jumped_s


@pytest.mark.parametrize("after_s", [0.01, 0.2, 1.0, 1.72])
@pytest.mark.parametrize("deaf", [False, True])
def test_a_clock_that_jumps_past_the_deadline_ends_the_drawing(after_s: float, deaf: bool) -> None:
    @virtual_time
    async def scenario() -> None:
        clock = JumpingClock()
        engine = ScriptedEngine([replace(LONG, deaf=deaf)], forced=replace(ANSWER, deaf=deaf))
        running = asyncio.ensure_future(drawn(engine, await warmed(), 2.0, clock=clock))
        await asyncio.sleep(after_s)
        clock.jumped_s = 10.0
        ended = await running
        assert ended.seconds < 2.0 + 0.1
        assert ended.samples[0].state in ("cancelled", "cut")
        assert engine.running == 0

    scenario()


@virtual_time
async def test_an_engines_own_budget_ends_what_nobody_else_can() -> None:
    pace, able = await warmed(), replace(ABLE, thinking_budget=True)
    tools = replace(PROMPT, closing=None, ending=CLOSING, budgeted=True)
    for prompt, budget in (
        (tools, True),
        (replace(tools, budgeted=False), False),
        (PROMPT, False),
        (replace(PROMPT, closing=replace(CLOSING, opener="")), True),
    ):
        engine = replace(gpu(), abilities=able)
        await drawn(engine, pace, 2.0, prompt=prompt)
        assert (engine.draws[0].thinking_tokens is not None) is budget
        unable = gpu()
        await drawn(unable, pace, 2.0, prompt=prompt)
        assert unable.draws[0].thinking_tokens is None


@virtual_time
async def test_a_budget_of_the_engines_own_is_in_time_and_not_before_the_gateways_timer() -> None:
    pace, able = await warmed(), replace(ABLE, thinking_budget=True)
    alone = replace(gpu(), abilities=able)
    tools = replace(PROMPT, closing=None, ending=CLOSING, budgeted=True)
    await drawn(alone, pace, 2.0, prompt=tools)
    beside = replace(gpu(), abilities=able)
    await drawn(beside, pace, 2.0, prompt=replace(PROMPT, closing=replace(CLOSING, opener="")))
    cautious, loose = alone.draws[0].thinking_tokens, beside.draws[0].thinking_tokens
    assert cautious is not None
    assert loose is not None
    assert 0.04 + cautious * 0.008 <= 2.0
    assert loose >= beside.streams[0].generated


@virtual_time
async def test_a_budget_of_the_engines_own_leaves_a_thought_to_go_on_to_the_end() -> None:
    engine = replace(gpu(), abilities=replace(ABLE, thinking_budget=True))
    used = await drawn(engine, await warmed(), 2.0, prompt=replace(PROMPT, closing=PROSE))
    assert used.seconds >= 1.8
    budget = engine.draws[0].thinking_tokens
    assert budget is not None
    assert 0.04 + budget * 0.008 >= used.seconds - 0.1


@virtual_time
async def test_a_prompt_is_not_sent_twice_where_a_thought_is_closed_from_the_start() -> None:
    engine = gpu()
    await drawn(engine, await warmed(), 0.4)
    (continuation,) = engine.resumed
    assert continuation.token_ids[: len(PROMPT_IDS)] == PROMPT_IDS
    assert engine.prompts_asked == 1


@virtual_time
async def test_the_lengths_of_forced_answers_are_learnt() -> None:
    pace, answers = await warmed(), AnswerLengths()
    for _ in range(4):
        await drawn(gpu(), pace, 2.0, 4, prompt=replace(PROMPT, answers=answers))
    assert answers.expected(99) < 10
    await drawn(
        ScriptedEngine([Script(thought=9)]), pace, 2.0, prompt=replace(PROMPT, answers=answers)
    )
    assert answers.expected(99) < 10


class Unsteady(Pace):
    """An engine that may leave time to think, and probably will not."""

    def first_token_s(self, q: float = 0.95, under: Conditions | None = None) -> float:
        return 0.04

    def token_s(self, q: float = 0.95, under: Conditions | None = None) -> float:
        return 0.03 if q >= 0.5 else 0.002

    def closing_s(self, answer_tokens: int, under: Conditions | None = None) -> float:
        return 0.15

    def shortest_answer_s(self) -> float:
        return 0.05


STALLED = replace(LONG, first_s=60.0, deaf=True)
GUESS = Script("7}", thought=0, token_s=0.004, first_s=0.02)


@dataclass
class StallsLater(ScriptedEngine):
    """Answers what is closed from the start, and nothing that is closed later."""

    def resume(self, continuation: Continuation) -> SampleStream:
        if len(continuation.token_ids) > len(PROMPT_IDS) + len(CLOSER_IDS):
            self.forced = STALLED
        return ScriptedEngine.resume(self, continuation)


async def beside(
    engine: ScriptedEngine,
    ended: list[Sample],
    count: int = 1,
    shown: list[tuple[int, Delta]] | None = None,
    **asked: Any,
) -> tuple[tuple[Sample, ...], Course]:
    pace, courses = Unsteady(), list[Course]()
    started_at = loop_clock()
    deadline = Deadline.after(0.45, started_at=started_at, clock=loop_clock)
    samples = await draw_each(
        engine,
        replace(PROMPT, closing=replace(CLOSING, opener=""), body={**PROMPT.body, **asked}),
        count,
        pace=pace,
        clock=loop_clock,
        timetable=timetable(deadline, pace, 16),
        on_delta=(lambda index, piece: shown.append((index, piece))) if shown is not None else None,
        on_end=ended.append,
        on_plan=courses.append,
    )
    assert loop_clock() <= deadline.at
    assert engine.running == 0
    assert sorted(sample.index for sample in ended) == list(range(2 * count))
    return samples, courses[0]


@virtual_time
async def test_where_there_is_hardly_time_to_think_each_choice_has_an_answer_beside_it() -> None:
    ended: list[Sample] = []
    engine = StallsLater([replace(LONG, token_s=0.01)], forced=GUESS)
    samples, course = await beside(engine, ended, 2)
    assert course.first is not None
    assert (course.first.mode, course.first.net) == ("raced", 2)
    assert [(sample.index, sample.content) for sample in samples] == [(0, "7}"), (1, "7}")]
    assert all(sample.state == "finished" and sample.forced for sample in samples)
    assert [sample.state for sample in ended if sample.index >= 2] == ["finished", "finished"]


@virtual_time
async def test_an_answer_of_its_own_comes_before_the_one_beside_it() -> None:
    ended: list[Sample] = []
    engine = ScriptedEngine([Script("46", thought=5, token_s=0.004, first_s=0.04)], forced=GUESS)
    (sample,), _ = await beside(engine, ended)
    assert (sample.content, sample.forced) == ("46", False)
    assert [each.state for each in ended if each.index == 1] == ["cancelled"]
    assert sum(each.usage.completion_tokens for each in ended) == engine.generated


@virtual_time
async def test_a_stream_shows_the_answer_from_beside_at_its_end() -> None:
    shown: list[tuple[int, Delta]] = []
    engine = StallsLater([replace(LONG, token_s=0.01)], forced=GUESS)
    samples, _ = await beside(engine, [], shown=shown, logprobs=True)
    assert {index for index, _ in shown} == {0}
    assert "".join(piece.content for _, piece in shown) == samples[0].content == "7}"
    assert shown[-1][1].content == "7}"
    assert shown[-1][1].logprobs == samples[0].logprobs != ()


@virtual_time
async def test_nothing_is_closed_from_the_start_where_a_thought_is_closed_as_text_alone() -> None:
    words = replace(CLOSING, text=TextClosing(ask="Answer now."))
    engine = gpu()
    short = await drawn(engine, await warmed(), 0.4, prompt=replace(PROMPT, closing=words))
    assert len(engine.draws) == 1
    assert short.course.first is not None
    assert (short.course.first.mode, short.course.closed) == ("raced", 0)
