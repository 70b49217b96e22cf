import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from quorate_sampling.choices import draw_each
from quorate_sampling.closers import PreparedClosing
from quorate_sampling.cutting import Cutting, DeepConf, Probing
from quorate_sampling.deadline import Deadline
from quorate_sampling.drawing import Prompt, drawing
from quorate_sampling.engine import Delta, Sample
from quorate_sampling.errors import EngineFailed, EngineRejected, EngineUnavailable
from quorate_sampling.pace import Pace
from quorate_sampling.timetable import Timetable
from tests.sampling.scripted import ABLE, CLOSER_IDS, END_ID, PROMPT_IDS, Script, ScriptedEngine
from tests.sampling.virtual_time import loop_clock, virtual_time

CLOSING = PreparedClosing(CLOSER_IDS, (END_ID,), last_words="Time is up.", opener="\\boxed{")
PROMPT = Prompt({"messages": []}, "q", seed=1, closing=CLOSING, stream_interval=4)
PROBE = Probing(interval=8, agreeing=2)
CONF = DeepConf(warmup=1, window=4)

SURE = Script(thought=40)
UNSURE = Script(thought=400, confidences=[10.0] * 60 + [1.0])


async def drawn(
    engine: ScriptedEngine,
    count: int,
    cutting: Cutting | None,
    *,
    prompt: Prompt = PROMPT,
    table: Timetable | None = None,
    ended: list[Sample] | None = None,
) -> list[Sample]:
    async with drawing(
        engine,
        prompt,
        pace=Pace(),
        clock=loop_clock,
        timetable=table,
        cutting=cutting,
        on_end=ended.append if ended is not None else None,
    ) as draw:
        draw.launch(count)
        while await draw.next() is not None:
            pass
    return [draw.samples[index] for index in sorted(draw.samples)]


def table(budget_s: float, closing_s: float = 0.3) -> Timetable:
    deadline = Deadline.after(budget_s, started_at=loop_clock(), clock=loop_clock)
    end_at = deadline.at - 0.06
    return Timetable(deadline, end_at - closing_s, end_at)


def replies(*texts: str, **same: Any) -> Sequence[Script]:
    script = replace(Script(answer="", thought=0, token_s=0.001, first_s=0.005), **same)
    return [replace(script, answer=text) for text in texts]


def billed(samples: Sequence[Sample]) -> int:
    return sum(sample.usage.completion_tokens for sample in samples)


@virtual_time
async def test_a_sample_that_loses_confidence_is_cut_and_billed() -> None:
    engine = ScriptedEngine([SURE, UNSURE])
    kept, cut = await drawn(engine, 2, CONF)
    assert (kept.state, kept.cut_short) == ("finished", False)
    assert (cut.state, cut.cut_short) == ("cancelled", True)
    assert 60 < len(cut.token_ids) < 80
    assert billed([kept, cut]) == engine.generated
    assert cut.usage.exact
    assert engine.running == 0


@virtual_time
async def test_warm_up_samples_run_to_their_ends() -> None:
    engine = ScriptedEngine([SURE, UNSURE])
    samples = await drawn(engine, 2, replace(CONF, warmup=2))
    assert [sample.state for sample in samples] == ["finished", "finished"]


@virtual_time
async def test_a_sample_that_ends_before_it_can_be_cut_is_whole_and_votes() -> None:
    a_moment_later = replace(SURE, first_s=SURE.first_s + 0.001, confidences=[1.0])
    _, late = await drawn(ScriptedEngine([SURE, a_moment_later]), 2, CONF)
    assert (late.state, late.content, late.cut_short) == ("finished", "46", False)


@virtual_time
async def test_an_engine_that_does_not_end_a_cut_sample_leaves_a_bound() -> None:
    engine = ScriptedEngine([SURE, replace(UNSURE, deaf=True, thought=100_000)])
    _, cut = await drawn(engine, 2, CONF)
    assert cut.state == "cancelled"
    assert not cut.usage.exact
    assert loop_clock() < 2.0
    assert engine.running == 0


@virtual_time
async def test_log_probabilities_that_only_the_cutter_needs_are_not_shown() -> None:
    engine = ScriptedEngine([SURE])
    shown: list[Delta] = []
    async with drawing(
        engine,
        PROMPT,
        pace=Pace(),
        clock=loop_clock,
        cutting=CONF,
        on_delta=lambda _, piece: shown.append(piece),
    ) as draw:
        draw.launch(1)
        sample = await draw.next()
    assert engine.draws[0].body["top_logprobs"] == 20
    assert sample is not None
    assert sample.logprobs == ()
    assert sample.scores is not None
    assert sample.scores.lowest_group == 10.0
    assert len(shown) > 3
    assert not any(piece.logprobs for piece in shown)


@virtual_time
async def test_log_probabilities_that_the_client_asked_for_come_as_asked() -> None:
    body = {"messages": [], "logprobs": True, "top_logprobs": 1}
    (sample,) = await drawn(ScriptedEngine([SURE]), 1, CONF, prompt=replace(PROMPT, body=body))
    assert len(sample.logprobs) == len(sample.token_ids)
    assert {len(entry["top_logprobs"]) for entry in sample.logprobs} == {1}


@virtual_time
async def test_the_greater_need_for_log_probabilities_is_asked_for() -> None:
    for needed, asked in ((None, 20), (5, 20), (30, 30)):
        engine = ScriptedEngine([SURE])
        async with drawing(
            engine, PROMPT, pace=Pace(), clock=loop_clock, cutting=CONF, top_logprobs=needed
        ) as draw:
            draw.launch(1)
            await draw.next()
        assert engine.draws[0].body["top_logprobs"] == asked


@virtual_time
async def test_replies_that_agree_end_the_sample_with_their_answer() -> None:
    engine = ScriptedEngine([Script(thought=1000)], replies=replies("46}"))
    (sample,) = await drawn(engine, 1, PROBE)
    assert (sample.state, sample.finish_reason) == ("finished", "stop")
    assert sample.cut_short
    assert sample.forced
    assert sample.content == "\\boxed{46}"
    assert sample.reasoning.endswith("\nTime is up.")
    assert len(engine.probed) == 2
    assert engine.running == 0


@virtual_time
async def test_a_settled_sample_is_exactly_what_its_last_reply_was_drawn_from() -> None:
    engine = ScriptedEngine([Script(thought=1000)], replies=replies("46}"))
    (sample,) = await drawn(engine, 1, PROBE)
    asked = tuple(engine.probed[-1].token_ids)
    reply = tuple(100 + ord(c) for c in "46}")
    assert (*PROMPT_IDS, *sample.token_ids) == (*asked, *reply)
    start, end = sample.forced_span or (0, 0)
    assert sample.token_ids[start:end] == CLOSER_IDS
    assert sample.reasoning.count("t") == start


@virtual_time
async def test_every_token_of_a_probed_sample_is_billed_once() -> None:
    engine = ScriptedEngine([Script(thought=1000)], replies=replies("1}", "2}", "2}"))
    (sample,) = await drawn(engine, 1, PROBE)
    assert sample.usage.completion_tokens == engine.generated
    assert sample.usage.prompt_tokens == len(PROMPT_IDS)
    assert sample.usage.exact
    assert sample.probe_tokens == 4


@virtual_time
async def test_replies_that_hesitate_or_differ_leave_the_sample_alone() -> None:
    for texts in (["46} wait"], [f"{i}}}" for i in range(99)], ["the"]):
        engine = ScriptedEngine([Script(thought=200)], replies=replies(*texts))
        (sample,) = await drawn(engine, 1, PROBE)
        assert (sample.state, sample.content) == ("finished", "46")
        assert not sample.forced
        assert not sample.cut_short
        assert len(engine.probed) > 10
        assert sample.usage.completion_tokens == engine.generated


@virtual_time
async def test_probes_are_greedy_short_and_named_apart() -> None:
    engine = ScriptedEngine([Script(thought=200)], replies=replies("1}", "2}"))
    body = {"messages": [], "temperature": 0.6, "seed": 7}
    await drawn(engine, 2, PROBE, prompt=replace(PROMPT, body=body))
    assert {c.body["temperature"] for c in engine.probed} == {0}
    assert {c.max_tokens for c in engine.probed} == {24}
    assert {c.seed for c in engine.probed} == {None}
    assert len({c.sample_id for c in engine.probed}) == len(engine.probed)
    assert engine.draws[0].body["temperature"] == 0.6


@virtual_time
async def test_a_sample_that_ends_by_itself_takes_its_probe_with_it() -> None:
    slow = replies("46}", first_s=30.0)
    engine = ScriptedEngine([Script(thought=20)], replies=slow)
    (sample,) = await drawn(engine, 1, PROBE)
    assert (sample.state, sample.content) == ("finished", "46")
    assert len(engine.probed) == 1
    assert loop_clock() < 0.5
    assert engine.running == 0
    assert sample.usage.completion_tokens == engine.generated
    assert sample.usage.exact


@virtual_time
async def test_a_deaf_probe_holds_nothing_up_for_long() -> None:
    deaf = replies("46}", first_s=30.0)
    engine = ScriptedEngine([Script(thought=20)], replies=[replace(deaf[0], deaf=True)])
    (sample,) = await drawn(engine, 1, PROBE)
    assert sample.state == "finished"
    assert not sample.usage.exact
    assert loop_clock() < 1.0
    assert engine.running == 0


@pytest.mark.parametrize(
    "error", [EngineUnavailable("down"), EngineFailed("died"), EngineRejected("too long")]
)
def test_a_probe_that_fails_costs_nothing_but_the_probe(error: EngineUnavailable) -> None:
    @virtual_time
    async def scenario() -> None:
        lost = Script(answer="46}", thought=0, error=error)
        engine = ScriptedEngine([Script(thought=100)], replies=[lost])
        (sample,) = await drawn(engine, 1, PROBE)
        assert (sample.state, sample.error, sample.content) == ("finished", None, "46")
        assert len(engine.probed) > 3
        if not isinstance(error, EngineFailed):
            assert sample.usage.completion_tokens == engine.generated
            assert sample.usage.exact

    scenario()


@virtual_time
async def test_without_token_ids_or_a_closer_nothing_is_asked() -> None:
    for abilities, closing in ((replace(ABLE, token_ids=False), CLOSING), (ABLE, None)):
        engine = ScriptedEngine([Script(thought=100)], abilities=abilities)
        (sample,) = await drawn(engine, 1, PROBE, prompt=replace(PROMPT, closing=closing))
        assert sample.state == "finished"
        assert engine.probed == []


@virtual_time
async def test_a_thought_that_has_ended_is_not_probed() -> None:
    engine = ScriptedEngine([Script("a long answer" * 20, thought=6)])
    await drawn(engine, 1, PROBE)
    assert engine.probed == []


@virtual_time
async def test_a_probe_keeps_to_what_the_client_and_the_context_allow() -> None:
    for limit, context in ((20, None), (None, 20 + len(PROMPT_IDS) + len(CLOSER_IDS))):
        engine = ScriptedEngine([Script(thought=100)], replies=replies("1}", "2}"))
        await drawn(engine, 1, PROBE, prompt=replace(PROMPT, limit=limit, context=context))
        assert all(len(c.token_ids) - 5 + c.max_tokens <= 20 for c in engine.probed)
        assert len(engine.probed) == 2


@virtual_time
async def test_a_deadline_closes_thoughts_that_are_being_probed() -> None:
    slow = replies("46}", first_s=30.0)
    ended: list[Sample] = []
    engine = ScriptedEngine([Script(thought=100_000)], replies=slow)
    samples = await drawn(engine, 4, PROBE, table=table(1.0), ended=ended)
    assert loop_clock() < 1.0
    assert [s.state for s in samples] == ["finished"] * 4
    assert all(s.forced and not s.cut_short for s in samples)
    assert {s.content for s in samples} == {"\\boxed{13"}
    assert engine.running == 0
    assert billed(ended) == engine.generated


@virtual_time
async def test_a_deadline_does_not_bring_a_cut_sample_back() -> None:
    engine = ScriptedEngine([SURE, replace(UNSURE, deaf=True, thought=100_000)])
    kept, cut = await drawn(engine, 2, CONF, table=table(1.0, closing_s=0.2))
    assert kept.state == "finished"
    assert (cut.state, cut.cut_short) == ("cancelled", True)
    assert engine.resumed == []
    assert loop_clock() <= 1.0


@virtual_time
async def test_a_deadline_does_not_close_a_settled_sample_again() -> None:
    engine = ScriptedEngine([Script(thought=100_000, deaf=True)], replies=replies("46}"))
    (sample,) = await drawn(engine, 1, PROBE, table=table(0.8))
    assert (sample.state, sample.content) == ("finished", "\\boxed{46}")
    assert engine.resumed == []
    assert loop_clock() <= 0.8


@pytest.mark.parametrize("after_s", [0.03, 0.14, 0.16, 0.3, 0.5])
def test_a_caller_that_leaves_leaves_no_probe_behind(after_s: float) -> None:
    @virtual_time
    async def scenario() -> None:
        ended: list[Sample] = []
        slow = replies("46}", first_s=0.2)
        engine = ScriptedEngine([Script(thought=100_000)], replies=slow)
        task = asyncio.ensure_future(drawn(engine, 3, PROBE, ended=ended))
        await asyncio.sleep(after_s)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert loop_clock() < after_s + 0.1
        assert engine.running == 0
        assert billed(ended) == engine.generated
        assert all(sample.usage.exact for sample in ended)

    scenario()


@virtual_time
async def test_leaving_a_drawing_stops_probes_that_are_deaf() -> None:
    deaf = [replace(replies("46}", first_s=60.0)[0], deaf=True)]
    engine = ScriptedEngine([Script(thought=100_000)], replies=deaf)
    async with drawing(engine, PROMPT, pace=Pace(), clock=loop_clock, cutting=PROBE) as draw:
        draw.launch(4)
        await asyncio.sleep(0.5)
    assert len(engine.probed) == 4
    assert loop_clock() < 2.0
    assert engine.running == 0


@virtual_time
async def test_samples_drawn_one_by_one_are_the_same_without_a_cutter() -> None:
    first = await draw_each(ScriptedEngine([SURE]), PROMPT, 2, pace=Pace(), clock=loop_clock)
    again = await drawn(ScriptedEngine([SURE]), 2, None)
    assert [replace(s, seconds=0.0) for s in first] == [replace(s, seconds=0.0) for s in again]
