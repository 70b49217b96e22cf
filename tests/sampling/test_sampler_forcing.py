"""A sample that is made to answer, and everything that may go wrong on the way."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from quorate_sampling.closers import PreparedClosing
from quorate_sampling.engine import Delta, Draw, EngineUsage, Sample, SampleStream
from quorate_sampling.errors import EngineFailed, EngineRejected, EngineUnavailable
from quorate_sampling.orders import CloseOrder, EndOrder, Room
from quorate_sampling.pace import Pace
from quorate_sampling.prompt_ids import PromptIds
from quorate_sampling.sampler import SampleRun
from quorate_sampling.turns import TextClosing
from tests.sampling.scripted import (
    CLOSER_IDS,
    END_ID,
    PROMPT_IDS,
    Script,
    ScriptedEngine,
    ScriptedStream,
)
from tests.sampling.virtual_time import loop_clock, virtual_time

START_ID = 3
CLOSING = PreparedClosing(
    CLOSER_IDS,
    (END_ID,),
    last_words="Time is up.",
    opener="\\boxed{",
    start_ids=(START_ID,),
    at_once_ids=(END_ID, 60),
    skipped_ids=(START_ID, END_ID, 60),
)
IN_TURNS = PreparedClosing(
    (), (), last_words="Time is up.", opener="", text=TextClosing(ask="Answer now.")
)
ORDER = CloseOrder(CLOSING, lambda: 100)
LONG = Script(thought=100_000)


def run_of(engine: ScriptedEngine, body: dict[str, Any] | None = None, **told: Any) -> SampleRun:
    draw = Draw(
        "s", body or {}, seed=5, stream_interval=4, thinking_tokens=told.pop("budget", None)
    )
    return SampleRun(
        engine,
        draw,
        0,
        prompt_ids=PromptIds(engine, {}),
        pace=told.pop("pace", None) or Pace(),
        clock=loop_clock,
        **told,
    )


async def forced(
    engine: ScriptedEngine, run: SampleRun, *, after_s: float = 0.3, order: CloseOrder = ORDER
) -> Sample:
    running = asyncio.create_task(run.run())
    await asyncio.sleep(after_s)
    await run.close_thought(order)
    await running
    assert engine.running == 0
    return run.outcome()


@virtual_time
async def test_a_closed_thought_is_marked_and_its_answer_follows_from_exact_ids() -> None:
    engine = ScriptedEngine([LONG])
    sample = await forced(engine, run_of(engine))
    (continuation,) = engine.resumed
    start, end = sample.forced_span or (0, 0)
    assert (sample.state, sample.forced_by, sample.content) == ("finished", "ids", "\\boxed{13")
    assert sample.token_ids[start:end] == CLOSER_IDS
    assert (*PROMPT_IDS, *sample.token_ids[:end]) == tuple(continuation.token_ids)
    assert sample.thought_tokens == start == sample.reasoning.count("t")
    assert sample.usage.completion_tokens == engine.generated


@pytest.mark.parametrize("ended", ["stop", "length"])
@virtual_time
async def test_an_answer_cut_by_its_limit_does_not_tell_how_fast_the_engine_answers(
    ended: str,
) -> None:
    pace, brief = Pace(), Script(answer="1", thought=0, finish_reason=ended)
    engine = ScriptedEngine([LONG], forced=brief)
    sample = await forced(engine, run_of(engine, pace=pace))
    assert (sample.state, sample.finish_reason) == ("finished", ended)
    assert (pace.shortest_answer_s() > 0.0) is (ended == "stop")


@virtual_time
async def test_a_thought_closed_from_the_start_is_never_drawn() -> None:
    engine = ScriptedEngine([LONG], prompt_ids_=(1, START_ID))
    run = run_of(engine, order=ORDER)
    assert not run.thinking(CLOSING)
    await run.run()
    sample = run.outcome()
    assert engine.draws == []
    assert tuple(engine.resumed[0].token_ids) == (1, START_ID, END_ID, 60)
    assert (sample.forced_by, sample.thought_tokens, sample.reasoning) == ("ids", 0, "")
    assert sample.forced_span == (0, 2)
    assert sample.content == "\\boxed{13"
    assert sample.usage.prompt_tokens == 2  # without the closer, as the client would be billed


@virtual_time
async def test_a_thought_that_the_model_would_open_is_left_out_whole() -> None:
    engine = ScriptedEngine()
    run = run_of(engine, order=ORDER)
    await run.run()
    assert tuple(engine.resumed[0].token_ids) == (*PROMPT_IDS, START_ID, END_ID, 60)


@virtual_time
async def test_a_prompt_without_a_thought_is_answered_and_nothing_was_forced() -> None:
    engine = ScriptedEngine(prompt_ids_=(1, START_ID, END_ID))
    run = run_of(engine, order=ORDER)
    await run.run()
    assert tuple(engine.resumed[0].token_ids) == (1, START_ID, END_ID)
    assert not run.outcome().forced
    assert run.outcome().content == "13"


@virtual_time
async def test_a_thought_cut_before_its_first_token_is_closed_at_once() -> None:
    engine = ScriptedEngine([replace(LONG, first_s=5.0)], prompt_ids_=(1, START_ID))
    sample = await forced(engine, run_of(engine))
    assert tuple(engine.resumed[0].token_ids) == (1, START_ID, END_ID, 60)
    assert "Time is up." not in sample.reasoning


@virtual_time
async def test_a_thought_that_ends_between_the_cut_and_its_tail_gets_no_closer() -> None:
    engine = ScriptedEngine([Script(thought=10, token_s=0.01, first_s=0.05, deaf=True)])
    sample = await forced(engine, run_of(engine), after_s=0.14)
    assert not sample.forced
    assert engine.resumed == []
    assert sample.content == "46"


@virtual_time
async def test_a_thought_whose_end_came_with_the_tail_goes_on_where_it_was() -> None:
    engine = ScriptedEngine([Script(answer="4" * 50, thought=10, token_s=0.01, first_s=0.05)])
    run = SampleRun(
        engine,
        Draw("s", {}, stream_interval=64),
        0,
        prompt_ids=PromptIds(engine, {}),
        pace=Pace(),
        clock=loop_clock,
    )
    sample = await forced(engine, run, after_s=0.25)
    (continuation,) = engine.resumed
    assert not sample.forced
    assert END_ID in continuation.token_ids
    assert not set(CLOSER_IDS[:1]) & set(continuation.token_ids)
    assert sample.content.startswith("4444")
    assert sample.content.endswith("13")


@pytest.mark.parametrize("error", [EngineFailed("died"), EngineUnavailable("gone")])
@virtual_time
async def test_an_engine_that_dies_behind_the_closer_loses_the_sample_and_says_so(
    error: Exception,
) -> None:
    engine = ScriptedEngine([LONG], forced=Script(answer="13", thought=0, error=error))  # type: ignore[arg-type]
    sample = await forced(engine, run_of(engine))
    assert (sample.state, sample.error, sample.content) == ("failed", error, "")
    assert sample.usage.completion_tokens >= (sample.thought_tokens or 0) > 0
    assert sample.forced


@virtual_time
async def test_an_opener_that_nothing_came_of_is_no_answer() -> None:
    stalled = Script(answer="13", thought=0, first_s=1000.0)
    engine = ScriptedEngine([LONG], forced=stalled)
    told: list[Delta] = []
    run = run_of(engine, on_delta=lambda _, piece: told.append(piece))
    running = asyncio.create_task(run.run())
    await asyncio.sleep(0.3)
    closing = asyncio.create_task(run.close_thought(ORDER))
    await asyncio.sleep(1.0)
    await run.end(EndOrder(keep=True), 0.1)
    await asyncio.gather(running, closing)
    sample = run.outcome()
    assert (sample.state, sample.content, sample.finish_reason) == ("cancelled", "", "length")
    assert not any(piece.content for piece in told)
    assert engine.running == 0
    assert loop_clock() < 2.0


@virtual_time
async def test_an_answer_that_stalls_half_way_is_kept_as_far_as_it_came() -> None:
    engine = ScriptedEngine([LONG], forced=Script(answer="1" * 400, thought=0, token_s=0.05))
    run = run_of(engine)
    running = asyncio.create_task(run.run())
    await asyncio.sleep(0.3)
    closing = asyncio.create_task(run.close_thought(ORDER))
    await asyncio.sleep(1.0)
    await run.end(EndOrder(keep=True), 0.1)
    await asyncio.gather(running, closing)
    sample = run.outcome()
    assert sample.state == "cut"
    assert sample.content.startswith("\\boxed{111")
    assert sample.usage.completion_tokens == engine.generated


@virtual_time
async def test_an_engine_that_refuses_to_go_on_leaves_no_answer_and_no_failure() -> None:
    refusing = Script(answer="13", thought=0, error=EngineRejected("too long"))
    engine = ScriptedEngine([LONG], forced=refusing)
    sample = await forced(engine, run_of(engine))
    assert (sample.state, sample.finish_reason, sample.content) == ("finished", "length", "")
    assert sample.error is None


@virtual_time
async def test_a_caller_that_leaves_while_the_answer_is_forced_leaves_nothing_behind() -> None:
    engine = ScriptedEngine([LONG], forced=Script(answer="1" * 10_000, thought=0, token_s=0.05))
    run = run_of(engine)
    running = asyncio.create_task(run.run())
    await asyncio.sleep(0.3)
    await run.close_thought(ORDER)
    await asyncio.sleep(0.3)
    assert engine.running == 1
    running.cancel()
    await asyncio.wait([running])
    assert engine.running == 0


@virtual_time
async def test_a_token_limit_that_the_thought_has_used_up_leaves_no_answer() -> None:
    engine = ScriptedEngine([LONG])
    sample = await forced(engine, run_of(engine, room=Room(limit=1)))
    assert (sample.content, sample.finish_reason, sample.forced) == ("", "length", False)
    assert engine.resumed == []


@virtual_time
async def test_a_limit_of_one_token_still_gets_one_behind_a_thought_that_is_left_out() -> None:
    engine = ScriptedEngine()
    run = run_of(engine, order=ORDER, room=Room(limit=1))
    await run.run()
    assert engine.resumed[0].max_tokens == 1


@dataclass
class Full(ScriptedEngine):
    """Draws until `length` tokens and then says so, of which the last `answered` are an answer."""

    length: int = 297
    answered: int = 0

    def draw(self, draw: Draw) -> SampleStream:
        stream = FullStream(Script(), 16, PROMPT_IDS)
        stream.length, stream.answered = self.length, self.answered
        self.streams.append(stream)
        return stream


class FullStream(ScriptedStream):
    length = answered = 0

    async def __aiter__(self) -> AsyncIterator[Delta]:
        thought = self.length - self.answered
        for start in range(0, thought, 16):
            size = min(16, thought - start)
            yield Delta("t" * size, token_ids=(50,) * size, prompt_token_ids=self.prompt)
        self.generated = self.length
        usage = EngineUsage(len(PROMPT_IDS), self.length)
        ids = (END_ID, *(152,) * (self.answered - 1)) if self.answered else ()
        yield Delta("", "4" * len(ids), ids, finish_reason="length", usage=usage)


@virtual_time
async def test_a_thought_that_fills_the_context_gives_up_its_end_for_an_answer() -> None:
    engine = Full()
    run = run_of(engine, room=Room(context=300), when_full=ORDER)
    await run.run()
    sample = run.outcome()
    assert (sample.state, sample.content, sample.forced_by) == ("finished", "\\boxed{13", "ids")
    assert len(engine.resumed[0].token_ids) + engine.resumed[0].max_tokens <= 300
    start, end = sample.forced_span or (0, 0)
    assert 0 < start == sample.thought_tokens == len(sample.reasoning.partition("\n")[0]) < 297
    assert sample.token_ids[start:end] == CLOSER_IDS
    assert sample.usage.completion_tokens == engine.generated


@virtual_time
async def test_the_clients_own_limit_is_no_full_context() -> None:
    engine = Full()
    run = run_of(engine, room=Room(limit=297, context=3000), when_full=ORDER)
    await run.run()
    assert run.outcome().finish_reason == "length"
    assert engine.resumed == []


@virtual_time
async def test_an_answer_that_fills_the_context_is_not_asked_for_again() -> None:
    engine = Full(answered=10)
    run = run_of(engine, room=Room(context=300), when_full=ORDER)
    await run.run()
    assert run.outcome().finish_reason == "length"
    assert run.outcome().content == "4" * 10
    assert engine.resumed == []


@virtual_time
async def test_a_thought_that_the_engine_ended_at_its_budget_is_forced_too() -> None:
    engine = ScriptedEngine([Script(thought=10)], prompt_ids_=PROMPT_IDS)
    run = run_of(engine, closing=CLOSING, budget=10)
    await run.run()
    sample = run.outcome()
    assert (sample.forced_by, sample.forced_span, sample.thought_tokens) == ("engine", (10, 11), 10)
    assert sample.usage.completion_tokens == engine.generated


@virtual_time
async def test_a_thought_within_the_engines_budget_ended_by_itself() -> None:
    engine = ScriptedEngine([Script(thought=10)])
    run = run_of(engine, closing=CLOSING, budget=11)
    await run.run()
    assert not run.outcome().forced
    assert run.outcome().thought_tokens == 10


@pytest.mark.parametrize("asked", [False, True])
@virtual_time
async def test_the_closer_stands_marked_among_the_log_probabilities(asked: bool) -> None:
    engine = ScriptedEngine([LONG])
    told: list[Delta] = []
    body = {"logprobs": True, "top_logprobs": 1} if asked else {}
    run = run_of(engine, body, on_delta=lambda _, piece: told.append(piece))
    sample = await forced(engine, run)
    marked = [entry for entry in sample.logprobs if entry.get("forced")]
    streamed = [entry for piece in told for entry in piece.logprobs if entry.get("forced")]
    assert streamed == marked
    assert [entry["token"] for entry in marked] == (
        [f"token_id:{i}" for i in CLOSER_IDS] if asked else []
    )
    assert {entry["logprob"] for entry in marked} <= {0.0}


@virtual_time
async def test_a_stream_sees_the_thought_closed_and_the_answer_begin() -> None:
    engine = ScriptedEngine([LONG])
    told: list[Delta] = []
    await forced(engine, run_of(engine, on_delta=lambda _, piece: told.append(piece)))
    reasoning = "".join(piece.reasoning for piece in told)
    assert reasoning.endswith("t\nTime is up.")
    assert "".join(piece.content for piece in told) == "\\boxed{13"
    first_content = next(i for i, piece in enumerate(told) if piece.content)
    assert not any(piece.reasoning for piece in told[first_content + 1 :])


class Tokenless(ScriptedEngine):
    """Tells text and usage, and no token ids; `prompt_ids` must not be asked for."""

    async def prompt_ids(self, body: Any) -> tuple[int, ...]:
        raise AssertionError("there are no token ids here")


@virtual_time
async def test_a_thought_closed_in_words_is_reported_as_such() -> None:
    engine = Tokenless([LONG])
    order = CloseOrder(IN_TURNS, lambda: 100)
    sample = await forced(engine, run_of(engine), order=order)
    (continuation,) = engine.resumed
    assert continuation.token_ids == ()
    assert continuation.turn is not None
    assert set(continuation.turn.said) == {"t"}
    assert continuation.turn.ask == "Answer now."
    assert (sample.forced_by, sample.forced_span) == ("text", None)
    assert sample.thought_tokens is None
    assert sample.content == "13"
    assert sample.usage == EngineUsage(len(PROMPT_IDS), engine.generated)


@virtual_time
async def test_a_thought_left_out_in_words_asks_at_once() -> None:
    engine = Tokenless()
    run = run_of(engine, order=CloseOrder(IN_TURNS, lambda: 100))
    await run.run()
    assert engine.resumed[0].turn is not None
    assert engine.resumed[0].turn.said == ""
    assert run.outcome().content == "13"
