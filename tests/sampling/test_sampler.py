import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from quorate_sampling.engine import Delta, Draw
from quorate_sampling.orders import EndOrder
from quorate_sampling.pace import Pace
from quorate_sampling.prompt_ids import PromptIds
from quorate_sampling.sampler import SampleRun
from tests.sampling.scripted import PROMPT_IDS, Script, ScriptedEngine, ScriptedStream
from tests.sampling.virtual_time import loop_clock, virtual_time


def run_of(engine: ScriptedEngine, pace: Pace | None = None) -> SampleRun:
    return SampleRun(
        engine,
        Draw("s", {}),
        0,
        prompt_ids=PromptIds(engine, {}),
        pace=pace or Pace(),
        clock=loop_clock,
    )


@virtual_time
async def test_ending_a_sample_again_while_its_patience_runs_out_does_no_harm() -> None:
    run = run_of(ScriptedEngine([Script(thought=100_000, deaf=True)]))
    running = asyncio.create_task(run.run())
    await asyncio.sleep(0.5)
    for _ in range(6):
        await run.end(EndOrder(keep=False), 0.0)
        await asyncio.sleep(0)
    await running
    assert run.outcome().state == "cancelled"


@virtual_time
async def test_a_sample_ended_before_it_began_draws_nothing() -> None:
    engine = ScriptedEngine([Script()])
    run = run_of(engine)
    await run.end(EndOrder(keep=False), 0.0)
    await run.run()
    assert engine.draws == []
    assert run.outcome().usage.completion_tokens == 0
    assert run.outcome().usage.exact


@virtual_time
async def test_the_pace_is_learnt_from_what_is_drawn() -> None:
    pace = Pace()
    await run_of(ScriptedEngine([Script(thought=40, first_s=0.2, token_s=0.01)]), pace).run()
    assert abs(pace.first_token_s(0.5) - 0.2) < 0.01
    assert abs(pace.token_s(0.5) - 0.01) < 0.001
    assert pace.sample_tokens() == 43
    assert (pace.running, pace.waiting) == (0, 0)


class WithoutIds(ScriptedStream):
    """The stream of an engine that tells no token ids, only usage at the end."""

    async def __aiter__(self) -> AsyncIterator[Delta]:
        async for piece in super().__aiter__():
            yield replace(piece, token_ids=(), prompt_token_ids=None)


@virtual_time
async def test_the_pace_of_an_engine_without_token_ids_is_learnt_from_its_usage() -> None:
    script = Script(thought=96, first_s=0.2, token_s=0.01)

    class Engine(ScriptedEngine):
        def draw(self, draw: Draw) -> ScriptedStream:
            return WithoutIds(script, draw.stream_interval, PROMPT_IDS)

    pace = Pace()
    await run_of(Engine(), pace).run()
    assert abs(pace.first_token_s(0.5) - 0.2) < 0.02
    assert abs(pace.token_s(0.5) - 0.01) < 0.001
    assert pace.sample_tokens() == 99


@virtual_time
async def test_a_sample_at_its_token_limit_says_nothing_of_how_long_a_whole_one_takes() -> None:
    pace = Pace()
    await run_of(ScriptedEngine([Script(finish_reason="length")]), pace).run()
    assert pace.sample_s() is None


@virtual_time
async def test_a_prompt_is_learnt_from_the_first_sample_that_tells_it() -> None:
    engine = ScriptedEngine()
    prompt_ids = PromptIds(engine, {})
    prompt_ids.learn(None)
    prompt_ids.learn(PROMPT_IDS)
    prompt_ids.learn((9,))
    assert await prompt_ids.get() == PROMPT_IDS
    assert engine.prompts_asked == 0
