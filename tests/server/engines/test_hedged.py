import asyncio
from dataclasses import replace

import pytest

from quorate_sampling.choices import draw_each
from quorate_sampling.closers import PreparedClosing
from quorate_sampling.deadline import Deadline
from quorate_sampling.drawing import Prompt
from quorate_sampling.engine import Continuation, Draw, EngineUsage
from quorate_sampling.errors import (
    EngineUnavailable,
)
from quorate_sampling.pace import Pace
from quorate_sampling.timetable import timetable
from quorate_server.admission.admitted import AdmittedEngine
from quorate_server.admission.demand import Demand
from quorate_server.admission.ticket import Ticket
from quorate_server.engines.hedge_budget import MOST_SHARE, HedgeBudget
from quorate_server.engines.hedged import hedged_engine
from quorate_server.engines.replica import Replica, ReplicaPool
from tests.sampling.scripted import (
    ABLE,
    CLOSER_IDS,
    CLOSING,
    END_ID,
    PROMPT_IDS,
    Script,
    ScriptedEngine,
)
from tests.sampling.virtual_time import loop_clock, virtual_time
from tests.server.engines.engine_pair import (
    DOWN,
    STALLED,
    Counted,
    Pair,
    engine,
    pair,
    read,
    text,
)
from tests.server.scripted_gateway import NoUpstream

PREPARED = PreparedClosing(CLOSER_IDS, (END_ID,), last_words="", opener="")


@virtual_time
async def test_a_slow_engine_that_begins_first_after_all_goes_on() -> None:
    both = pair(engine(Script("46", first_s=0.4)), engine(Script("47", first_s=5.0)))
    pieces = await read(both.engine().draw(Draw("q-0", {})))
    assert text(pieces) == "46"
    assert (both.budget.counts.sent, both.budget.counts.won) == (1, 0)
    both.assert_nothing_is_left()


@virtual_time
async def test_without_a_deadline_nothing_is_hedged() -> None:
    both = pair(engine(Script("46", first_s=5.0)), engine(), hedging=False)
    assert text(await read(both.engine().draw(Draw("q-0", {})))) == "46"
    assert both.others[0].engine.draws == []


@virtual_time
async def test_a_busy_engine_is_spared_hedges_but_takes_over() -> None:
    both = Pair(engine(Script(first_s=1.0), Script(error=DOWN)), [Counted(engine(), idle=False)])
    hedged = both.engine()
    await read(hedged.draw(Draw("q-0", {})))
    assert both.others[0].ever == 0
    await read(hedged.draw(Draw("q-1", {})))
    assert both.others[0].ever == 1


@virtual_time
async def test_an_engine_of_other_abilities_takes_nothing_over() -> None:
    textual = engine(abilities=replace(ABLE, token_ids=False))
    both = pair(engine(Script(error=DOWN)), textual, engine(closing=replace(CLOSING, family="x")))
    with pytest.raises(EngineUnavailable):
        await read(both.engine().draw(Draw("q-0", {})))
    assert textual.draws == []


@virtual_time
async def test_the_budget_holds_with_hundreds_waiting_at_once() -> None:
    both = Pair(engine(Script(first_s=2.0)), [Counted(engine())], HedgeBudget(0.02))
    hedged, before = both.engine(), 100  # draws that have filled the budget
    streams = [hedged.draw(Draw(f"q-{number}", {})) for number in range(400)]
    await asyncio.gather(*map(read, streams))
    assert 0 < both.others[0].ever <= 0.02 * (before + 400)
    assert both.budget.counts.sent == both.others[0].ever
    both.assert_nothing_is_left()


@virtual_time
async def test_a_sample_is_resumed_where_it_was_drawn() -> None:
    both = pair(engine(STALLED, Script()), engine(Script("47")))
    hedged = both.engine()
    await read(hedged.draw(Draw("q-1", {})))
    await read(hedged.draw(Draw("q-11", {})))
    for sample_id in ("q-1", "q-11"):
        await read(hedged.resume(Continuation(f"{sample_id}-answer", {}, (1, 2), 10)))
    assert [each.sample_id for each in both.others[0].engine.resumed] == ["q-1-answer"]
    assert [each.sample_id for each in both.primary.resumed] == ["q-11-answer"]
    both.assert_nothing_is_left()


@virtual_time
async def test_where_that_engine_is_gone_another_one_resumes_it() -> None:
    both = pair(engine(STALLED), engine(Script("47")))
    hedged = both.engine()
    await read(hedged.draw(Draw("q-0", {})))
    both.others.clear()
    pieces = await read(hedged.resume(Continuation("q-0-answer", {}, (1, 2), 10)))
    assert text(pieces) == "13"
    assert both.primary.resumed[0].token_ids == (1, 2)


@virtual_time
async def test_where_that_engine_fails_another_one_resumes_it() -> None:
    both = pair(engine(STALLED), engine(Script("47"), forced=Script(error=DOWN, thought=0)))
    hedged = both.engine()
    await read(hedged.draw(Draw("q-0", {})))
    pieces = await read(hedged.resume(Continuation("q-0-answer", {}, (1, 2), 10)))
    assert text(pieces) == "13"
    assert len(both.primary.resumed) == 1
    both.assert_nothing_is_left()


@virtual_time
async def test_the_prompts_ids_are_asked_of_another_engine_where_the_first_is_down() -> None:
    class Down(ScriptedEngine):
        async def prompt_ids(self, body: object) -> tuple[int, ...]:
            raise DOWN

        async def tokenize(self, text: str) -> tuple[int, ...]:
            raise DOWN

    both = pair(Down(), engine())
    assert await both.engine().prompt_ids({}) == PROMPT_IDS
    assert await both.engine().tokenize("a") == (97,)
    both.others.clear()
    with pytest.raises(EngineUnavailable):
        await both.engine().prompt_ids({})


@virtual_time
async def test_a_deadline_closes_a_hedged_thought_on_the_engine_that_drew_it() -> None:
    both = pair(engine(STALLED), engine(Script(thought=100_000)))
    deadline = Deadline.after(2.0, started_at=loop_clock(), clock=loop_clock)
    pace = Pace()
    (sample,) = await draw_each(
        both.engine(),
        Prompt({"messages": []}, "q", closing=PREPARED),
        1,
        pace=pace,
        clock=loop_clock,
        timetable=timetable(deadline, pace, 16),
    )
    assert sample.forced
    assert sample.content == "13"
    assert loop_clock() <= 2.0
    generated = both.primary.generated + both.others[0].engine.generated
    assert sample.usage == EngineUsage(len(PROMPT_IDS), generated)
    assert both.others[0].engine.resumed
    assert both.primary.resumed == []
    both.assert_nothing_is_left()


@virtual_time
async def test_the_other_replicas_of_a_model_stand_by_and_are_counted() -> None:
    slow, quick, down = engine(STALLED), engine(Script("47", thought=50)), engine(Script("48"))
    replicas = [Replica(NoUpstream(), each, ("m",)) for each in (slow, quick, down)]
    replicas[2].ready = False
    budget = pair(slow, quick).budget
    hedged = hedged_engine(ReplicaPool(replicas), replicas[0], "m", budget, timed=True)
    reading = asyncio.create_task(read(hedged.draw(Draw("q-0", {}))))
    await asyncio.sleep(replicas[0].pace.first_token_s(0.95) + 0.2)
    assert [each.in_flight for each in replicas] == [0, 1, 0]
    assert text(await reading) == "47"
    assert [each.in_flight for each in replicas] == [0, 0, 0]


@virtual_time
@pytest.mark.parametrize("closed", [False, True])
async def test_what_another_engine_drew_tells_nothing_of_the_one_that_failed(closed: bool) -> None:
    sick = engine(Script(error=DOWN, first_s=0.001))
    able = engine(Script("47", thought=50 if not closed else 5000), forced=Script("7", thought=0))
    replicas = [Replica(NoUpstream(), each, ("m",), capacity=64) for each in (sick, able)]
    first, other = replicas
    hedged = hedged_engine(ReplicaPool(replicas), first, "m", pair(sick).budget, timed=True)
    prompt = Prompt({}, "q", closing=PREPARED)
    deadline = Deadline.after(2.0, started_at=loop_clock(), clock=loop_clock)
    table = timetable(deadline, first.pace, 16)
    admitted = AdmittedEngine(
        hedged, Ticket(Demand(), 0.0, (0.0, 0), lambda _: None), first.admission
    )
    (sample,) = await draw_each(
        admitted, prompt, 1, pace=first.pace, clock=loop_clock, timetable=table
    )
    assert (sample.state, sample.forced) == ("finished", closed)
    assert not first.pace.learnt
    assert first.pace.shortest_answer_s() == 0.0
    assert other.pace.learnt
    assert all((r.pace.running, r.pace.waiting) == (0, 0) for r in replicas)
    assert first.admission.limit.samples < 64 == other.admission.limit.samples


@virtual_time
async def test_only_the_first_piece_says_that_it_is_from_elsewhere() -> None:
    both = pair(engine(STALLED), engine(Script("47")))
    pieces = await read(both.engine().draw(Draw("q-0", {})))
    assert [piece.elsewhere for piece in pieces[:2]] == [True, False]
    here = await read(pair(engine(), engine()).engine().draw(Draw("q-0", {})))
    assert not any(piece.elsewhere for piece in here)


def test_the_only_replica_of_a_model_is_left_as_it_is() -> None:
    one, other = engine(), engine()
    pool = ReplicaPool([Replica(NoUpstream(), one, ("m",)), Replica(NoUpstream(), other, ("n",))])
    assert hedged_engine(pool, pool.replicas[0], "m", HedgeBudget(), timed=True) is one


@virtual_time
@pytest.mark.parametrize(("timed", "share"), [(True, 0.0), (False, MOST_SHARE)])
async def test_nothing_is_hedged_without_a_deadline_or_a_budget(timed: bool, share: float) -> None:
    slow, quick = engine(Script("46", first_s=50.0)), engine()
    replicas = [Replica(NoUpstream(), each, ("m",)) for each in (slow, quick)]
    budget = HedgeBudget(share)
    for _ in range(100):
        budget.drawn()
    hedged = hedged_engine(ReplicaPool(replicas), replicas[0], "m", budget, timed=timed)
    assert text(await read(hedged.draw(Draw("q-0", {})))) == "46"
    assert quick.draws == []
