"""Groups with a deadline: closed from the start, raced beside a net, thrifty."""

from dataclasses import replace
from typing import Any

import pytest

from quorate_sampling.closers import PreparedClosing
from quorate_sampling.deadline import Deadline
from quorate_sampling.drawing import Prompt
from quorate_sampling.engine import Sample
from quorate_sampling.errors import EngineFailed
from quorate_sampling.group import Group, GroupPlan, draw_group
from quorate_sampling.pace import Pace
from quorate_sampling.planning import Course
from quorate_sampling.stopping import DrawAll, Margin, StoppingRule
from quorate_sampling.timetable import Timetable, timetable
from quorate_verifiers import AnswerType
from tests.sampling.scripted import CLOSER_IDS, END_ID, Script, ScriptedEngine
from tests.sampling.virtual_time import loop_clock, virtual_time

CLOSING = PreparedClosing(CLOSER_IDS, (END_ID,), last_words="", opener="\\boxed{")
PROMPT = Prompt({"messages": []}, "q", seed=1, closing=CLOSING)
GUESS = Script("7}", thought=0, token_s=0.008, first_s=0.04)


def thinks(tokens: int, answer: str = "\\boxed{46}", **same: Any) -> Script:
    return replace(Script(answer, thought=tokens, token_s=0.008, first_s=0.04), **same)


async def warmed(tokens: int = 1000) -> Pace:
    """The pace of an engine whose thoughts take so many tokens."""
    pace = Pace()
    whole = ScriptedEngine([thinks(tokens)])
    await draw_group(
        whole, PROMPT, GroupPlan(4, 4, DrawAll()), question="", pace=pace, clock=loop_clock
    )
    for _ in range(4):
        now = loop_clock()
        table = Timetable(Deadline(now, now + 9, loop_clock), now + 0.5, now + 9)
        forced = ScriptedEngine([thinks(10_000)], forced=GUESS)
        plan = GroupPlan(3, 3, DrawAll(), AnswerType("number"))
        await draw_group(
            forced, PROMPT, plan, question="", pace=pace, clock=loop_clock, timetable=table
        )
    return pace


async def drawn(
    engine: ScriptedEngine,
    pace: Pace,
    budget_s: float,
    *,
    rule: StoppingRule | None = None,
    most: int = 8,
    ended: list[Sample] | None = None,
    courses: list[Course] | None = None,
    prompt: Prompt = PROMPT,
) -> Group:
    deadline = Deadline.after(budget_s, started_at=loop_clock(), clock=loop_clock)
    group = await draw_group(
        engine,
        prompt,
        GroupPlan(most, min(3, most), rule or Margin(3), AnswerType("number")),
        question="",
        pace=pace,
        clock=loop_clock,
        timetable=timetable(deadline, pace, 16),
        on_end=ended.append if ended is not None else None,
        on_plan=courses.append if courses is not None else None,
    )
    assert loop_clock() <= deadline.at
    assert engine.running == 0
    return group


@virtual_time
async def test_without_time_to_think_closed_samples_vote_like_any_others() -> None:
    courses: list[Course] = []
    engine = ScriptedEngine([thinks(1000)], forced=GUESS)
    group = await drawn(engine, await warmed(), 0.4, courses=courses)
    assert engine.draws == []
    assert group.stop_reason == "decided"
    assert (group.votes[0].answer, group.agreement) == ("7", 1.0)
    assert group.counts.forced == group.counts.finished >= 3
    assert courses[0].first is not None
    assert courses[0].first.mode == "closed"
    assert courses[0].closed == courses[0].started == group.counts.started


@virtual_time
async def test_a_model_whose_cut_thoughts_are_worthless_begins_none_that_it_could_not_end() -> None:
    whole_only = replace(PROMPT, closing=replace(CLOSING, cut_thoughts="worthless"))
    useful = ScriptedEngine([thinks(1000)], forced=GUESS)
    await drawn(useful, await warmed(), 3.5)
    worthless = ScriptedEngine([thinks(1000)], forced=GUESS)
    await drawn(worthless, await warmed(), 3.5, prompt=whole_only)
    assert useful.draws != []
    assert worthless.draws == []


@virtual_time
async def test_a_net_that_is_not_needed_neither_votes_nor_lowers_the_agreement() -> None:
    ended: list[Sample] = []
    courses: list[Course] = []
    engine = ScriptedEngine([thinks(300)], forced=GUESS)
    group = await drawn(engine, await warmed(), 3.5, rule=DrawAll(), ended=ended, courses=courses)
    assert [(vote.answer, vote.count) for vote in group.votes] == [("46", 6)]
    assert group.agreement == 1.0
    counts = group.counts
    assert (counts.started, counts.finished, counts.cancelled, counts.forced) == (8, 6, 2, 0)
    assert (courses[0].started, courses[0].closed) == (8, 2)
    unneeded = [sample for sample in group.samples if sample.state == "cancelled"]
    assert [sample.content for sample in unneeded] == ["\\boxed{7}"] * 2
    assert sorted(sample.index for sample in ended) == list(range(8))
    assert sum(sample.state == "cancelled" for sample in ended) == 2
    assert sum(sample.usage.completion_tokens for sample in ended) == engine.generated


@virtual_time
async def test_thoughts_that_are_cut_and_answered_leave_the_net_out_too() -> None:
    engine = ScriptedEngine([thinks(100_000)], forced=GUESS)
    group = await drawn(engine, await warmed(), 3.5, rule=DrawAll())
    assert group.counts.finished == group.counts.forced == 6
    assert all(sample.thought_tokens for sample in group.samples if sample.state == "finished")


@virtual_time
async def test_an_engine_that_stalls_leaves_the_answers_of_the_net() -> None:
    stalled = thinks(100_000, first_s=60.0, deaf=True)
    engine = ScriptedEngine([stalled], forced=GUESS)
    group = await drawn(engine, await warmed(), 3.5)
    assert group.stop_reason == "deadline"
    assert [(vote.answer, vote.count) for vote in group.votes] == [("7", 2)]
    assert group.winner is not None


@virtual_time
async def test_an_engine_that_loses_what_thinks_leaves_the_answers_of_the_net() -> None:
    lost = thinks(1000, error=EngineFailed("died"), error_after=50)
    group = await drawn(ScriptedEngine([lost], forced=GUESS), await warmed(), 3.5)
    assert (group.counts.failed, group.counts.finished) == (6, 2)
    assert group.votes[0].answer == "7"


@virtual_time
async def test_thoughts_without_an_answer_leave_those_of_the_net() -> None:
    group = await drawn(
        ScriptedEngine([thinks(100, "no idea")], forced=GUESS), await warmed(), 3.5, rule=DrawAll()
    )
    assert [(vote.answer, vote.count) for vote in group.votes] == [("7", 2)]
    assert group.counts.unparsed == 6
    assert group.agreement == 0.25


@virtual_time
async def test_with_plenty_of_time_nothing_is_closed_and_no_more_drawn_than_the_rule_asks() -> None:
    courses: list[Course] = []
    engine = ScriptedEngine([thinks(50)], forced=GUESS)
    group = await drawn(engine, await warmed(50), 60.0, courses=courses)
    assert group.counts.started <= 5
    assert engine.resumed == []
    assert courses[0].first is not None
    assert courses[0].first.mode == "thrifty"


@virtual_time
async def test_samples_that_take_longer_than_was_predicted_change_the_plan() -> None:
    courses: list[Course] = []
    engine = ScriptedEngine([thinks(250 + i, f"\\boxed{{{i}}}") for i in range(8)], forced=GUESS)
    group = await drawn(engine, await warmed(50), 4.0, courses=courses)
    assert group.counts.finished > 2
    modes = [step.plan.mode for step in courses[0].steps]
    assert (modes[0], modes[-1]) == ("thrifty", "raced")
    assert courses[0].replanned == len(modes) - 1


@pytest.mark.parametrize("budget_s", [0.1, 0.3, 1.0, 3.5])
@pytest.mark.parametrize("deaf", [False, True])
def test_no_budget_is_overrun_and_every_token_billed_once(budget_s: float, deaf: bool) -> None:
    @virtual_time
    async def scenario() -> None:
        ended: list[Sample] = []
        engine = ScriptedEngine([thinks(100_000, deaf=deaf)], forced=replace(GUESS, deaf=deaf))
        group = await drawn(engine, await warmed(), budget_s, ended=ended)
        assert sorted(sample.index for sample in ended) == list(range(group.counts.started))
        if not deaf:
            assert sum(sample.usage.completion_tokens for sample in ended) == engine.generated

    scenario()
