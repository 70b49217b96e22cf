"""Thoughts that go on when it is time to close them, their forced answers drawn beside them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate_sampling.choices import draw_each
from quorate_sampling.closers import PreparedClosing
from quorate_sampling.deadline import Deadline
from quorate_sampling.drawing import Prompt
from quorate_sampling.engine import Continuation, Delta, Sample, SampleStream
from quorate_sampling.errors import EngineFailed, EngineRejected
from quorate_sampling.pace import Pace
from quorate_sampling.timetable import Reserve, Timetable
from tests.sampling.scripted import (
    CLOSER_IDS,
    END_ID,
    PROMPT_IDS,
    Script,
    ScriptedEngine,
    ScriptedStream,
)
from tests.sampling.virtual_time import VirtualTimeLoop, loop_clock, virtual_time

CLOSING = PreparedClosing(CLOSER_IDS, (END_ID,), last_words="Time is up.", opener="\\boxed{")
PROMPT = Prompt({"messages": []}, "q", seed=1, closing=CLOSING, stream_interval=1)
CLOSE_S, END_S, BUDGET_S = 1.0, 2.0, 2.1
ENDLESS = Script(thought=100_000)
LATE = Script("46", thought=130)
"""Ends by itself after some 1.4 s: behind the closing time, and in time."""
QUICK = Script("13}", thought=0, first_s=0.05)


LIMIT = 130
"""Tokens that a client allows."""


@dataclass
class AnswersInTurn(ScriptedEngine):
    """Plays `beside` in the order answers are asked for; the last one repeats."""

    beside: Sequence[Script] = (QUICK,)

    def resume(self, continuation: Continuation) -> SampleStream:
        script = self.beside[min(len(self.resumed), len(self.beside) - 1)]
        self.resumed.append(continuation)
        return self._stream(ScriptedStream(script, continuation.stream_interval, None))


class Fixed(Pace):
    """An engine that is predicted to take a second for a closing, whatever it takes."""

    def closing_s(self, answer_tokens: int, under: object = None) -> float:
        return END_S - CLOSE_S


@dataclass
class Told:
    """What draw_each said, and when it had said all."""

    samples: tuple[Sample, ...]
    seconds: float
    ended: list[Sample] = field(default_factory=list)
    shown: list[tuple[int, Delta]] = field(default_factory=list)

    def text(self, index: int = 0) -> tuple[str, str]:
        """What was shown of a choice: its thought and its answer."""
        pieces = [piece for at, piece in self.shown if at == index]
        return "".join(p.reasoning for p in pieces), "".join(p.content for p in pieces)


async def drawn(
    engine: ScriptedEngine,
    count: int = 1,
    *,
    prompt: Prompt = PROMPT,
    free_slots: Callable[[], int | None] = lambda: None,
    by: float = inf,
    pace: Pace | None = None,
    ended: list[Sample] | None = None,
) -> Told:
    now = loop_clock()
    told = Told((), 0.0, ended=[] if ended is None else ended)
    told.samples = await draw_each(
        engine,
        prompt,
        count,
        pace=Fixed() if pace is None else pace,
        clock=loop_clock,
        timetable=Timetable(
            Deadline(now, now + BUDGET_S, loop_clock),
            now + CLOSE_S,
            now + END_S,
            Reserve(16, END_S - CLOSE_S, by),
        ),
        free_slots=free_slots,
        on_delta=lambda index, piece: told.shown.append((index, piece)),
        on_end=told.ended.append,
    )
    told.seconds = loop_clock() - now
    assert engine.running == 0
    assert told.seconds <= BUDGET_S
    return told


def assert_billed_once(told: Told, engine: ScriptedEngine) -> None:
    assert all(sample.usage.exact for sample in told.ended)
    assert sum(sample.usage.completion_tokens for sample in told.ended) == engine.generated


def assert_rests_on(sample: Sample, continuation: Continuation) -> None:
    """The sample is what the engine would have drawn, had the thought been cut there."""
    start, end = sample.forced_span or (0, 0)
    assert (sample.state, sample.forced_by, sample.cut_short) == ("finished", "ids", False)
    assert (*PROMPT_IDS, *sample.token_ids[:end]) == tuple(continuation.token_ids)
    assert sample.token_ids[start:end] == CLOSER_IDS
    assert sample.thought_tokens == start == sample.reasoning.count("t")


@virtual_time
async def test_a_thought_that_ends_after_its_closing_time_answers_for_itself() -> None:
    engine = AnswersInTurn([LATE])
    told = await drawn(engine)
    (sample,) = told.samples
    assert (sample.state, sample.content, sample.forced) == ("finished", "46", False)
    assert sample.thought_tokens == LATE.thought
    assert len(engine.resumed) >= 1
    assert CLOSE_S < told.seconds < 1.5
    assert sample.probe_tokens == sum(stream.generated for stream in engine.streams[1:])
    assert told.text() == (sample.reasoning, "46")
    assert_billed_once(told, engine)


@virtual_time
async def test_an_answer_that_is_not_needed_any_more_is_stopped_at_once() -> None:
    engine = AnswersInTurn([LATE], beside=[Script("9" * 1000, thought=0)])
    told = await drawn(engine)
    assert told.samples[0].content == "46"
    assert told.seconds < 1.5
    assert_billed_once(told, engine)


@virtual_time
async def test_a_thought_that_does_not_end_is_answered_at_the_end() -> None:
    engine = AnswersInTurn([ENDLESS], beside=[QUICK])
    told = await drawn(engine)
    (sample,) = told.samples
    assert_rests_on(sample, engine.resumed[0])
    assert sample.content == "\\boxed{13}"
    assert sample.reasoning.endswith("Time is up.")
    assert END_S <= told.seconds < BUDGET_S
    assert_billed_once(told, engine)


@virtual_time
async def test_it_is_drawn_with_the_requests_own_settings() -> None:
    engine = AnswersInTurn([ENDLESS])
    body = {"messages": [], "temperature": 0.7, "top_p": 0.9}
    await drawn(engine, prompt=replace(PROMPT, body=body))
    draw = engine.draws[0]
    assert {asked.sample_id for asked in engine.resumed} == {"q-0-beside"}
    assert all(asked.body == body for asked in engine.resumed)
    assert all(asked.seed not in (None, draw.seed) for asked in engine.resumed)


@virtual_time
async def test_a_reader_sees_no_more_of_a_thought_than_the_answer_rests_on() -> None:
    engine = AnswersInTurn([ENDLESS])
    told = await drawn(engine)
    (sample,) = told.samples
    assert told.text() == (sample.reasoning, sample.content)


@virtual_time
async def test_an_own_answer_that_is_cut_gives_way_to_the_whole_one_beside_it() -> None:
    engine = AnswersInTurn([Script("46" * 100, thought=130)])
    told = await drawn(engine)
    assert_rests_on(told.samples[0], engine.resumed[-1])
    assert told.text() == (told.samples[0].reasoning, "\\boxed{13}")
    assert_billed_once(told, engine)


@virtual_time
async def test_a_part_of_either_answer_is_better_than_none() -> None:
    half = Script("9" * 1000, thought=0)
    told = await drawn(AnswersInTurn([ENDLESS], beside=[half]))
    assert (told.samples[0].state, told.samples[0].forced) == ("cut", True)
    assert told.samples[0].content.startswith("\\boxed{99")
    assert told.text() == (told.samples[0].reasoning, told.samples[0].content)
    own = await drawn(AnswersInTurn([Script("46" * 100, thought=130)], beside=[half]))
    assert (own.samples[0].state, own.samples[0].forced) == ("cut", False)
    assert own.samples[0].content.startswith("46")
    assert own.text() == (own.samples[0].reasoning, own.samples[0].content)


@virtual_time
async def test_an_engine_that_loses_the_thought_leaves_the_answer_beside_it() -> None:
    for after in (105, 120):  # before the answer is there, and behind it
        lost = replace(ENDLESS, error=EngineFailed("died"), error_after=after)
        engine = AnswersInTurn([lost])
        told = await drawn(engine)
        assert_rests_on(told.samples[0], engine.resumed[0])
        assert told.samples[0].error is None
        assert told.seconds < 1.5


@virtual_time
async def test_an_engine_that_loses_the_answer_has_the_thought_cut() -> None:
    failing = replace(QUICK, error=EngineFailed("died"))
    engine = AnswersInTurn([ENDLESS], beside=[failing, QUICK])
    told = await drawn(engine)
    assert_rests_on(told.samples[0], engine.resumed[1])
    assert told.seconds < 1.5
    assert told.text() == (told.samples[0].reasoning, told.samples[0].content)
    assert_rests_on(told.samples[0], engine.resumed[-1])


@virtual_time
async def test_an_engine_that_loses_both_is_told_as_such() -> None:
    lost = replace(ENDLESS, error=EngineFailed("died"), error_after=102)
    with pytest.raises(EngineFailed):
        await drawn(AnswersInTurn([lost], beside=[replace(QUICK, error=EngineFailed("died"))]))
    with pytest.raises(EngineFailed):
        await drawn(AnswersInTurn([ENDLESS], beside=[replace(QUICK, error=EngineFailed("died"))]))


@virtual_time
async def test_an_engine_that_takes_no_answer_leaves_the_thought_without_one() -> None:
    refused = replace(QUICK, error=EngineRejected("too long"))
    engine = AnswersInTurn([ENDLESS], beside=[refused])
    told = await drawn(engine)
    assert (told.samples[0].finish_reason, told.samples[0].content) == ("length", "")
    assert_billed_once(told, engine)


@virtual_time
async def test_a_client_that_leaves_stops_both_and_pays_for_both() -> None:
    for after_s in (CLOSE_S + 0.02, CLOSE_S + 0.3):
        engine, ended = AnswersInTurn([ENDLESS]), list[Sample]()
        drawing = asyncio.create_task(drawn(engine, ended=ended))
        await asyncio.sleep(after_s)
        assert engine.running >= 1
        drawing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await drawing
        assert engine.running == 0
        assert [sample.state for sample in ended] == ["cancelled"]
        assert ended[0].usage.completion_tokens == engine.generated


@virtual_time
async def test_where_the_engine_has_no_room_for_all_answers_the_thoughts_are_cut() -> None:
    engine = AnswersInTurn([ENDLESS])
    told = await drawn(engine, 3, free_slots=lambda: 2)
    assert told.seconds < 1.5
    asked = sorted(continuation.sample_id for continuation in engine.resumed)
    assert asked == ["q-0-answer", "q-1-answer", "q-2-answer"]
    assert len(engine.streams) == 6


@virtual_time
async def test_where_others_are_promised_the_engine_the_thought_is_cut() -> None:
    engine = AnswersInTurn([ENDLESS])
    told = await drawn(engine, by=1.5)
    assert told.seconds < 1.5
    assert [asked.sample_id for asked in engine.resumed] == ["q-0-answer"]


@virtual_time
async def test_a_thought_that_has_not_begun_does_not_go_on() -> None:
    engine = AnswersInTurn([replace(ENDLESS, first_s=60.0)])
    told = await drawn(engine)
    assert told.seconds < 1.5
    assert told.samples[0].content == "\\boxed{13}"
    assert [asked.sample_id for asked in engine.resumed] == ["q-0-answer"]


@virtual_time
async def test_each_choice_goes_on_where_there_is_room_for_all() -> None:
    engine = AnswersInTurn([LATE, ENDLESS, ENDLESS])
    told = await drawn(engine, 3, free_slots=lambda: 3)
    assert [sample.content for sample in told.samples] == ["46", "\\boxed{13}", "\\boxed{13}"]
    assert [sample.forced for sample in told.samples] == [False, True, True]
    for sample in told.samples:
        assert told.text(sample.index) == (sample.reasoning, sample.content)
    assert_billed_once(told, engine)


@virtual_time
async def test_a_thought_that_comes_to_its_limit_is_answered_from_beside() -> None:
    limited = AnswersInTurn([Script(thought=LIMIT, unended=True, finish_reason="length")])
    told = await drawn(limited, prompt=replace(PROMPT, limit=LIMIT))
    (sample,) = told.samples
    assert_rests_on(sample, limited.resumed[0])
    assert sample.usage.completion_tokens == limited.generated
    assert len(sample.token_ids) - len(CLOSER_IDS) <= LIMIT
    assert all(
        len(asked.token_ids) - len(PROMPT_IDS) - len(CLOSER_IDS) + asked.max_tokens <= LIMIT
        for asked in limited.resumed
    )


@virtual_time
async def test_log_probabilities_are_those_of_what_is_told() -> None:
    engine = AnswersInTurn([ENDLESS])
    body = {"messages": [], "logprobs": True, "top_logprobs": 1}
    told = await drawn(engine, prompt=replace(PROMPT, body=body))
    (sample,) = told.samples
    assert sum(len(piece.logprobs) for _, piece in told.shown) == len(sample.logprobs)
    assert sum(bool(entry.get("forced")) for entry in sample.logprobs) == len(CLOSER_IDS)


@virtual_time
async def test_closings_beside_thoughts_are_learnt_unless_they_were_not_needed() -> None:
    pace = Fixed()
    await drawn(AnswersInTurn([ENDLESS]), pace=pace)
    assert 0.05 <= pace.shortest_answer_s() < 0.2
    unneeded = Fixed()
    await drawn(AnswersInTurn([LATE], beside=[replace(QUICK, first_s=5.0)]), pace=unneeded)
    assert unneeded.shortest_answer_s() == 0.0
    assert (pace.running, pace.waiting, unneeded.running, unneeded.waiting) == (0, 0, 0, 0)


played = st.builds(
    Script,
    answer=st.sampled_from(["46", "4" * 60]),
    thought=st.sampled_from([3, 95, 130, 180, 100_000]),
    first_s=st.sampled_from([0.05, 1.5]),
    error=st.sampled_from([None, None, EngineFailed("died")]),
    error_after=st.sampled_from([0, 90, 103, 120]),
    deaf=st.booleans(),
)
answers = st.builds(
    Script,
    answer=st.sampled_from(["13}", "9" * 60]),
    thought=st.just(0),
    first_s=st.sampled_from([0.0, 0.05, 0.6, 5.0]),
    error=st.sampled_from([None, None, EngineFailed("died"), EngineRejected("no room")]),
    error_after=st.sampled_from([0, 2]),
    deaf=st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(played, min_size=1, max_size=3), st.lists(answers, min_size=1, max_size=4))
def test_whatever_happens_what_is_shown_is_what_is_told_and_all_is_billed(
    thoughts: list[Script], beside: list[Script]
) -> None:
    engine = AnswersInTurn(thoughts, beside=beside)

    async def scenario() -> Told | None:
        try:
            return await drawn(engine, len(thoughts))
        except (EngineFailed, EngineRejected):
            assert engine.running == 0
            return None

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        told = runner.run(scenario())
    if told is None:
        return
    for sample in told.samples:
        if sample.state != "failed":
            assert told.text(sample.index) == (sample.reasoning, sample.content)
    if all(sample.usage.exact for sample in told.ended):
        assert_billed_once(told, engine)
