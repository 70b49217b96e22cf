from dataclasses import replace

from quorate_sampling.goal import Goal
from quorate_sampling.stopping import Margin
from tests.sampling.drawn_group import group_of, plan
from tests.sampling.scripted import Script, ScriptedEngine
from tests.sampling.virtual_time import virtual_time


@virtual_time
async def test_a_token_limit_holds_with_samples_in_flight() -> None:
    engine = ScriptedEngine([Script(str(i), thought=100) for i in range(40)])
    limited = replace(plan(Margin(5), most=16), max_tokens=500)
    group = await group_of(engine, limited)
    assert group.stop_reason == "budget"
    assert 300 < engine.generated <= 500
    assert group.winner is not None
    assert engine.running == 0


@virtual_time
async def test_a_token_limit_too_small_for_one_sample_is_an_empty_group_not_an_overrun() -> None:
    engine = ScriptedEngine([Script(thought=10_000)])
    group = await group_of(engine, replace(plan(), max_tokens=60))
    assert (group.stop_reason, group.winner) == ("budget", None)
    assert engine.generated <= 60


class Agreement(Goal):
    """Met at `least` votes' share of what finished."""

    def __init__(self, least: float) -> None:
        self.least = least

    def met(self, readings, votes, started) -> bool:
        return bool(votes[0].count >= self.least * len(readings))

    def attainable(self, readings, votes, started, left) -> bool:
        return bool(votes[0].count + left >= self.least * (len(readings) + left))


@virtual_time
async def test_a_goal_is_drawn_on_for_until_it_is_met() -> None:
    engine = ScriptedEngine([Script("7"), *[Script("46")] * 20])
    goal = replace(plan(Margin(2, start=3), most=16), goal=Agreement(0.9))
    group = await group_of(engine, goal)
    assert group.stop_reason == "decided"
    assert group.agreement >= 0.9
    assert 10 <= group.counts.finished <= 11


@virtual_time
async def test_a_goal_that_cannot_be_met_any_more_is_hopeless() -> None:
    engine = ScriptedEngine([Script("7"), Script("8"), *[Script("46")] * 20])
    goal = replace(plan(Margin(2, start=3), most=16), goal=Agreement(0.9))
    group = await group_of(engine, goal)
    assert group.stop_reason == "hopeless"
    assert group.counts.started < 16
