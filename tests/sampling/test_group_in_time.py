from quorate_sampling.stopping import DrawAll, Margin
from tests.sampling.drawn_group import group_of, plan
from tests.sampling.paced import paced
from tests.sampling.scripted import CLOSER_IDS, END_ID, PROMPT_IDS, Script, ScriptedEngine
from tests.sampling.virtual_time import loop_clock, virtual_time


@virtual_time
async def test_thoughts_are_closed_in_time_and_still_vote() -> None:
    engine = ScriptedEngine([Script(thought=100_000)])
    group = await group_of(engine, plan(Margin(3), most=8), budget_s=2.0)
    assert loop_clock() < 2.0
    assert group.votes[0].answer == "13"
    assert group.counts.forced == group.counts.finished > 0
    assert group.winner is not None
    assert group.winner.reasoning.endswith("\nTime is up.")


@virtual_time
async def test_a_closed_thought_goes_on_from_exactly_what_was_drawn() -> None:
    engine = ScriptedEngine([Script(thought=100_000)])
    group = await group_of(engine, plan(DrawAll(), most=1, least=1), budget_s=1.0)
    (sample,) = group.samples
    (continuation,) = engine.resumed
    drawn = engine.streams[0].generated
    assert tuple(continuation.token_ids) == (*PROMPT_IDS, *[50] * drawn, *CLOSER_IDS)
    assert sample.forced_span == (drawn, drawn + len(CLOSER_IDS))
    assert sample.token_ids[drawn : drawn + 2] == CLOSER_IDS
    assert sample.usage.completion_tokens == engine.generated


@virtual_time
async def test_a_thought_that_ended_by_itself_is_not_closed_again() -> None:
    slow_answer = Script("\\boxed{46}" + " because" * 100, thought=5, token_s=0.01)
    engine = ScriptedEngine([slow_answer])
    group = await group_of(engine, plan(DrawAll(), most=1, least=1), budget_s=1.0)
    assert engine.resumed == []
    assert group.winner is not None
    assert group.winner.finish_reason == "length"
    assert group.counts.forced == 0
    assert loop_clock() < 1.0


@virtual_time
async def test_a_queued_sample_is_closed_too_and_its_prompt_asked_for_once() -> None:
    engine = ScriptedEngine([Script(first_s=60.0)])
    group = await group_of(engine, plan(DrawAll(), most=4, least=1), budget_s=1.0)
    assert group.counts.forced == 4
    assert engine.prompts_asked == 1


@virtual_time
async def test_a_deaf_engine_cannot_make_a_group_late() -> None:
    deaf = Script(thought=100_000, deaf=True)
    engine = ScriptedEngine([deaf], forced=Script(thought=100_000, deaf=True))
    group = await group_of(engine, plan(DrawAll(), most=4, least=1), budget_s=2.0)
    assert loop_clock() <= 2.0
    assert group.stop_reason == "deadline"
    assert group.winner is None
    assert engine.running == 0


@virtual_time
async def test_a_deadline_without_a_closer_answers_with_what_finished() -> None:
    scripts = [Script("46"), *[Script(thought=100_000)] * 9]
    engine = ScriptedEngine(scripts)
    everything = plan(DrawAll(), most=4, least=1)
    group = await group_of(engine, everything, budget_s=1.0, closing=None)
    assert group.stop_reason == "deadline"
    assert group.votes[0].count == 1
    assert group.counts.cancelled == 3
    assert loop_clock() < 1.0


@virtual_time
async def test_nothing_new_is_started_once_thoughts_are_being_closed() -> None:
    engine = ScriptedEngine([Script(str(i), thought=20) for i in range(400)])
    group = await group_of(engine, plan(Margin(3), most=256), budget_s=1.0, free_slots=8)
    assert len(engine.draws) == group.counts.started - 2  # the net
    assert group.counts.started < 256
    assert loop_clock() < 1.0


@virtual_time
async def test_a_decision_just_before_the_deadline_does_not_wait_past_it_for_bills() -> None:
    deaf = Script("46", thought=100_000, deaf=True)
    engine = ScriptedEngine([Script("46", thought=50), Script("46", thought=50), deaf])
    group = await group_of(engine, plan(DrawAll(), most=3, least=1), budget_s=0.8, closing_s=0.1)
    assert loop_clock() <= 0.8
    agreed = await group_of(
        ScriptedEngine([Script("46", thought=60), Script("46", thought=60), deaf]),
        plan(Margin(2), most=3, least=2),
        budget_s=0.8,
        closing_s=0.1,
    )
    assert loop_clock() <= 1.6
    assert group.counts.cancelled == agreed.counts.cancelled == 1


@virtual_time
async def test_a_sample_launched_as_the_thoughts_are_closed_answers_at_once() -> None:
    engine = ScriptedEngine([Script(thought=100_000)])
    group = await group_of(
        engine, plan(DrawAll(), most=2, least=1), budget_s=0.8, closing_s=0.7399999
    )
    assert group.counts.forced == 2
    assert loop_clock() < 0.8


@virtual_time
async def test_a_number_cut_in_two_by_the_deadline_is_no_answer() -> None:
    engine = ScriptedEngine([Script("The answer is 123456789 for sure", thought=20, token_s=0.012)])
    group = await group_of(engine, plan(DrawAll(), most=3, least=1), budget_s=0.62, closing_s=0.1)
    assert group.samples[0].state == "cut"
    assert group.votes == ()
    assert group.winner is None
    assert group.counts.cancelled == 3


@virtual_time
async def test_an_answer_cut_by_the_token_limit_votes_for_nothing() -> None:
    scripts = [
        Script("it is 12", finish_reason="length"),
        Script("so \\boxed{12} a", finish_reason="length"),
    ]
    group = await group_of(ScriptedEngine(scripts), plan(DrawAll(), most=2, least=1))
    assert group.counts.finished == 2
    assert group.counts.unparsed == 1
    assert group.votes[0].count == 1


@virtual_time
async def test_a_thought_that_ends_as_it_is_being_closed_is_continued_without_a_closer() -> None:
    answer = "The answer is 46, surely so it is indeed yes"
    engine = ScriptedEngine(
        [Script(answer, thought=40, token_s=0.01, first_s=0.0)], forced=Script("!", thought=0)
    )
    group = await group_of(engine, plan(DrawAll(), most=1, least=1), budget_s=0.7, closing_s=0.195)
    (continuation,) = engine.resumed
    drawn = tuple(continuation.token_ids)[len(PROMPT_IDS) :]
    assert drawn == (*[50] * 40, END_ID, *(100 + ord(c) for c in answer[: len(drawn) - 41]))
    (sample,) = group.samples
    assert not sample.forced
    assert sample.content.endswith("!")
    assert sample.content[:-1] == answer[: len(drawn) - 41]
    assert sample.usage.completion_tokens == engine.generated


@virtual_time
async def test_a_prompt_that_switches_thinking_off_leaves_nothing_to_close() -> None:
    engine = ScriptedEngine([Script(first_s=60.0)], prompt_ids_=(1, 5, END_ID, 3))
    await group_of(engine, plan(DrawAll(), most=2, least=1), budget_s=1.0)
    assert [tuple(c.token_ids) for c in engine.resumed] == [(1, 5, END_ID, 3)] * 2


@virtual_time
async def test_a_forced_answer_keeps_to_what_the_client_and_the_context_allow() -> None:
    for limit, context, most in ((30, None, 30), (None, 35, 35 - len(PROMPT_IDS) - 2)):
        engine = ScriptedEngine([Script(thought=100_000)])
        await group_of(
            engine, plan(DrawAll(), most=1, least=1), budget_s=0.6, limit=limit, context=context
        )
        drawn = engine.streams[0].generated
        assert engine.resumed[0].max_tokens == most - drawn > 0


@virtual_time
async def test_a_sample_with_no_tokens_left_is_not_made_to_answer() -> None:
    engine = ScriptedEngine([Script(thought=100_000)])
    group = await group_of(engine, plan(DrawAll(), most=1, least=1), budget_s=0.6, limit=5)
    assert engine.resumed == []
    assert group.votes == ()
    assert group.counts.forced == 0


@virtual_time
async def test_without_time_to_spare_a_deadline_draws_wide_at_once() -> None:
    engine = ScriptedEngine([Script("46", thought=50)])
    hurried = paced(first_token_s=0.1, token_s=0.01, tokens=121)
    wide = await group_of(engine, plan(Margin(3), most=12), budget_s=1.3, pace=hurried)
    assert wide.counts.started == 12
    assert len(engine.draws) == 10  # the others are the net
    thrifty = ScriptedEngine([Script("46", thought=50)])
    await group_of(thrifty, plan(Margin(3), most=12), budget_s=30.0, pace=hurried)
    assert len(thrifty.draws) < 12
