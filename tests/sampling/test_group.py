import asyncio

import pytest

from quorate_sampling.engine import Sample
from quorate_sampling.errors import EngineFailed, EngineRejected, EngineUnavailable, GroupFailed
from quorate_sampling.group import Progress
from quorate_sampling.stopping import Auto, DrawAll, Margin
from tests.sampling.drawn_group import group_of, plan
from tests.sampling.scripted import Script, ScriptedEngine
from tests.sampling.virtual_time import loop_clock, virtual_time


@virtual_time
async def test_an_easy_question_stops_at_the_margin_and_cancels_the_rest() -> None:
    engine = ScriptedEngine([Script("46", thought=10 * i) for i in range(1, 5)])
    group = await group_of(engine)
    assert group.stop_reason == "decided"
    assert group.winner is not None
    assert group.winner.content == "46"
    assert (group.counts.started, group.counts.finished, group.counts.cancelled) == (5, 3, 2)
    assert group.agreement == 1.0
    assert engine.running == 0


@virtual_time
async def test_a_decision_does_not_wait_for_a_slow_sample() -> None:
    scripts = [Script("46"), Script("46"), Script("46"), Script("46", thought=100_000)]
    group = await group_of(ScriptedEngine(scripts))
    assert group.stop_reason == "decided"
    assert loop_clock() < 0.5


@virtual_time
async def test_dissent_draws_on_until_all_samples_are_drawn() -> None:
    engine = ScriptedEngine([Script(str(i % 4)) for i in range(16)])
    group = await group_of(engine)
    assert group.stop_reason == "exhausted"
    assert group.counts.started == group.counts.finished == 16
    assert [v.count for v in group.votes] == [4, 4, 4, 4]


@virtual_time
async def test_no_more_samples_are_drawn_than_allowed_however_wide_the_rule() -> None:
    engine = ScriptedEngine([Script(str(i)) for i in range(50)])
    group = await group_of(engine, plan(DrawAll(), most=7))
    assert group.counts.started == 7


@virtual_time
async def test_cancelled_samples_stay_in_the_bill_to_the_token() -> None:
    ended: list[Sample] = []
    engine = ScriptedEngine([Script("46", thought=7 * i) for i in range(1, 30)])
    group = await group_of(engine, plan(Margin(3, width=24, start=24), most=24), ended=ended)
    assert group.counts.cancelled >= 10
    assert sum(s.usage.completion_tokens for s in ended) == engine.generated
    assert sorted(s.index for s in ended) == list(range(24))
    assert all(s.usage.exact for s in ended)


@virtual_time
async def test_an_engine_that_does_not_report_leaves_a_bound_marked_as_one() -> None:
    ended: list[Sample] = []
    scripts = [*[Script("46")] * 3, Script("46", thought=10_000, deaf=True)]
    await group_of(ScriptedEngine(scripts), ended=ended)
    lost = next(s for s in ended if s.state == "cancelled")
    assert not lost.usage.exact
    assert lost.usage.completion_tokens == len(lost.token_ids) + 16
    assert loop_clock() < 4.0


@virtual_time
async def test_one_lost_sample_costs_only_its_vote() -> None:
    lost = Script(error=EngineFailed("died"), error_after=4)
    engine = ScriptedEngine([Script("46"), lost, Script("46"), Script("46")])
    group = await group_of(engine)
    assert group.stop_reason == "decided"
    assert group.counts.failed == 1
    assert group.agreement == 1.0


@virtual_time
async def test_a_group_with_every_sample_lost_fails_with_the_first_reason() -> None:
    different = [Script(error=EngineFailed("out of luck")), Script(error=EngineUnavailable("down"))]
    with pytest.raises(GroupFailed, match="out of luck"):
        await group_of(ScriptedEngine(different), plan(most=4))
    with pytest.raises(EngineUnavailable):
        await group_of(ScriptedEngine([Script(error=EngineUnavailable("down"))]), plan(most=4))


@virtual_time
async def test_a_request_that_the_engine_refuses_is_refused_and_nothing_stays_running() -> None:
    refusal = Script(error=EngineRejected("too long", param="messages"))
    engine = ScriptedEngine([Script(thought=10_000), refusal, Script(thought=10_000)])
    with pytest.raises(EngineRejected, match="too long"):
        await group_of(engine)
    assert engine.running == 0


@virtual_time
async def test_an_unparsed_sample_lowers_the_agreement() -> None:
    scripts = [Script("who knows"), *[Script("46")] * 10]
    group = await group_of(ScriptedEngine(scripts), plan(DrawAll(), most=4))
    assert group.counts.unparsed == 1
    assert group.agreement == 0.75


@virtual_time
async def test_a_group_that_parsed_nothing_invents_no_answer() -> None:
    group = await group_of(ScriptedEngine([Script("who knows")]), plan(most=4))
    assert group.votes == ()
    assert group.agreement == 0.0
    assert group.winner is not None
    assert group.winner.content == "who knows"


@virtual_time
async def test_a_leaving_client_stops_every_sample_and_all_are_billed() -> None:
    ended: list[Sample] = []
    engine = ScriptedEngine([Script(thought=100_000)])
    drawing = asyncio.ensure_future(group_of(engine, ended=ended))
    await asyncio.sleep(1.0)
    assert engine.running == 4
    drawing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await drawing
    assert loop_clock() < 1.1
    assert engine.running == 0
    assert sum(s.usage.completion_tokens for s in ended) == engine.generated > 0


@virtual_time
async def test_a_client_that_leaves_before_the_first_token_stops_the_samples_too() -> None:
    engine = ScriptedEngine([Script(first_s=30.0)])
    drawing = asyncio.ensure_future(group_of(engine))
    await asyncio.sleep(0.5)
    drawing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await drawing
    assert engine.running == 0


@virtual_time
async def test_progress_is_told_after_each_sample() -> None:
    seen: list[Progress] = []
    await group_of(ScriptedEngine([Script("46")]), seen=seen)
    assert [p.finished for p in seen] == [1, 2, 3]
    assert seen[-1].votes[0].count == 3


@virtual_time
async def test_each_sample_has_its_own_id_and_seed() -> None:
    engine = ScriptedEngine([Script(str(i)) for i in range(8)])
    await group_of(engine, plan(DrawAll(), most=8))
    assert len({d.sample_id for d in engine.draws}) == 8
    assert len({d.seed for d in engine.draws}) == 8


@virtual_time
async def test_samples_that_end_together_are_not_replaced_before_they_are_counted() -> None:
    engine = ScriptedEngine([Script("46")])
    group = await group_of(engine, plan(Auto(), most=16))
    assert group.stop_reason == "decided"
    assert len(engine.draws) == 3
