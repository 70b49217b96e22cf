import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from quorate_sampling.deadline import Deadline
from quorate_sampling.engine import Continuation, Draw
from quorate_server.admission.admission import Admission
from quorate_server.admission.admitted import AdmittedEngine
from quorate_server.admission.demand import Demand
from quorate_server.admission.limit import AdaptiveLimit
from quorate_server.errors import EngineFailed, EngineUnavailable
from tests.sampling.scripted import ABLE, Script, ScriptedEngine
from tests.sampling.virtual_time import loop_clock, virtual_time

ASKED: dict[str, Any] = {"model": "m"}
PRIORITISING = replace(ABLE, priority=True)


def due(seconds: float) -> Deadline:
    return Deadline.after(seconds, started_at=loop_clock(), clock=loop_clock)


@virtual_time
async def test_a_sample_holds_a_slot_from_its_first_iteration_to_its_end() -> None:
    admission = Admission(AdaptiveLimit(8), clock=loop_clock)
    async with admission.entered(Demand()) as ticket:
        engine = AdmittedEngine(ScriptedEngine([Script()]), ticket, admission)
        streams = [engine.draw(Draw(f"s{i}", ASKED)) for i in range(3)]
        assert ticket.running == 0

        async def read(stream: Any) -> None:
            async for _ in stream:
                pass

        async with asyncio.TaskGroup() as tasks:
            for stream in streams:
                tasks.create_task(read(stream))
            await asyncio.sleep(0.01)
            assert (ticket.running, admission.in_flight) == (3, 3)
        assert ticket.running == 0
        for stream in streams:
            await stream.aclose()
        assert (ticket.running, admission.in_flight) == (0, 1)


@virtual_time
async def test_a_stream_left_early_gives_its_slot_back_when_it_is_closed() -> None:
    admission = Admission(AdaptiveLimit(8), clock=loop_clock)
    scripted = ScriptedEngine([Script(thought=1000)])
    async with admission.entered(Demand()) as ticket:
        stream = AdmittedEngine(scripted, ticket, admission).draw(Draw("s", ASKED))
        pieces = stream.__aiter__()
        await anext(pieces)
        assert ticket.running == 1
        await stream.aclose()
        assert (ticket.running, scripted.running) == (0, 0)
        async with aclosing(pieces):  # type: ignore[type-var]
            pass
        assert ticket.running == 0


@virtual_time
async def test_a_stream_that_was_never_begun_holds_nothing() -> None:
    admission = Admission(AdaptiveLimit(8), clock=loop_clock)
    async with admission.entered(Demand()) as ticket:
        stream = AdmittedEngine(ScriptedEngine(), ticket, admission).draw(Draw("s", ASKED))
        await stream.aclose()
        assert ticket.running == 0


@pytest.mark.parametrize(
    ("error", "limit"), [(EngineUnavailable("busy"), 90), (EngineFailed("broken"), 100)]
)
def test_what_an_engine_refuses_for_its_load_lowers_its_limit(
    error: EngineUnavailable | EngineFailed, limit: int
) -> None:
    @virtual_time
    async def play() -> None:
        admission = Admission(AdaptiveLimit(100), clock=loop_clock)
        async with admission.entered(Demand()) as ticket:
            engine = AdmittedEngine(ScriptedEngine([Script(error=error)]), ticket, admission)
            with pytest.raises(type(error)):
                async for _ in engine.draw(Draw("s", ASKED)):
                    pass
            assert ticket.running == 0
        assert admission.limit.samples == limit

    play()


@virtual_time
async def test_the_limit_learns_how_long_tokens_take() -> None:
    admission = Admission(AdaptiveLimit(100), clock=loop_clock)
    scripted = ScriptedEngine([Script(thought=100, token_s=0.02)])
    async with admission.entered(Demand()) as ticket:
        engine = AdmittedEngine(scripted, ticket, admission)
        for number in range(12):
            async for _ in engine.draw(Draw(f"s{number}", ASKED)):
                pass
    assert admission.limit.idle_token_s == pytest.approx(0.02, rel=0.05)


@virtual_time
async def test_earlier_deadlines_go_first_and_forced_answers_before_all_samples() -> None:
    admission = Admission(AdaptiveLimit(8), clock=loop_clock)
    scripted = ScriptedEngine(abilities=PRIORITISING)
    async with admission.entered(Demand()) as ticket:
        for seconds in (5.0, 1.0):
            engine = AdmittedEngine(scripted, ticket, admission, due(seconds))
            engine.draw(Draw("s", ASKED))
            engine.resume(Continuation("c", ASKED, (1, 2), 8))
    late, soon = (draw.priority for draw in scripted.draws)
    forced_late, forced_soon = (continuation.priority for continuation in scripted.resumed)
    assert late is not None
    assert soon is not None
    assert forced_late is not None
    assert forced_soon is not None
    assert forced_soon < forced_late < soon < late < 0


@pytest.mark.parametrize(
    ("able", "timed", "body"),
    [(False, True, ASKED), (True, False, ASKED), (True, True, {**ASKED, "priority": 3})],
)
def test_no_priority_where_the_engine_has_none_nobody_hurries_or_the_client_chose(
    able: bool, timed: bool, body: dict[str, Any]
) -> None:
    @virtual_time
    async def play() -> None:
        admission = Admission(AdaptiveLimit(8), clock=loop_clock)
        scripted = ScriptedEngine(abilities=PRIORITISING if able else ABLE)
        async with admission.entered(Demand()) as ticket:
            engine = AdmittedEngine(scripted, ticket, admission, due(1.0) if timed else None)
            engine.draw(Draw("s", body))
            engine.resume(Continuation("c", body, (1,), 8))
        assert [scripted.draws[0].priority, scripted.resumed[0].priority] == [None, None]

    play()


async def test_everything_else_is_the_engines_own() -> None:
    scripted = ScriptedEngine()
    admission = Admission()
    async with admission.entered(Demand()) as ticket:
        engine = AdmittedEngine(scripted, ticket, admission)
        assert (engine.name, engine.abilities) == (scripted.name, scripted.abilities)
        assert engine.closing is scripted.closing
        assert await engine.tokenize("ab") == await scripted.tokenize("ab")
        assert await engine.prompt_ids(ASKED) == scripted.prompt_ids_
