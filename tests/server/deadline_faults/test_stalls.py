"""An engine that stalls: in the middle of a thought, of an answer, or before it said anything."""

import asyncio

import pytest

from tests.server.deadline_faults.played import (
    FOR_EVER_S,
    SLACK_S,
    THOUGHT,
    PlayedEngine,
    PlayedStream,
    Step,
    gateway,
    said,
    thinking,
)
from tests.server.deadline_faults.side_by_side import Shape, in_every_shape

BUDGET_S = 0.6
MS = round(BUDGET_S * 1000)


@in_every_shape
async def test_a_thought_that_stalls_is_closed_with_what_there_is_of_it(
    shape: Shape,
) -> None:
    engine = PlayedEngine(drawn=lambda: PlayedStream(thinking(10), stalls=True))
    async with gateway(engine) as gw:
        told = await gw.ask(deadline_ms=MS, **shape)
    assert told.status == 200
    assert told.content.removeprefix("= ") == "13"
    assert told.met
    assert told.deadline["forced"] >= 1
    assert told.seconds < BUDGET_S + SLACK_S
    assert engine.resumed[0].token_ids.count(50) == engine.played[0].generated > 0


@in_every_shape
async def test_a_stalled_thought_whose_engine_obeys_nobody_is_told_in_time(
    shape: Shape,
) -> None:
    engine = PlayedEngine(drawn=lambda: PlayedStream(thinking(10), stalls=True, deaf=True))
    async with gateway(engine) as gw:
        told = await gw.ask(deadline_ms=MS, **shape)
    assert told.seconds < BUDGET_S + SLACK_S
    if not told.failed:
        assert told.met
    else:
        assert told.error["code"] == "deadline_exceeded"


@in_every_shape
async def test_an_answer_that_stalls_is_told_as_far_as_it_came_or_as_a_miss(
    shape: Shape,
) -> None:
    engine = PlayedEngine(
        drawn=lambda: PlayedStream(thinking(10), stalls=True),
        answered=lambda: PlayedStream(said("1"), stalls=True),
    )
    async with gateway(engine) as gw:
        told = await gw.ask(deadline_ms=MS, **shape)
    assert told.status == 200
    assert told.seconds < BUDGET_S + SLACK_S
    if "consensus" not in shape:
        assert told.content == "1"
        assert b'"finish_reason":"length"' in told.body
    else:
        assert b'"abstained":true' in told.body, "a number that may go on is no answer"


@in_every_shape
@pytest.mark.parametrize("deaf", [False, True])
async def test_an_engine_that_never_says_anything_is_a_miss(shape: Shape, deaf: bool) -> None:
    silent: list[Step] = [(FOR_EVER_S, THOUGHT)]
    engine = PlayedEngine(
        drawn=lambda: PlayedStream(silent, deaf=deaf),
        answered=lambda: PlayedStream(silent, deaf=deaf),
    )
    async with gateway(engine) as gw:
        told = await gw.ask(deadline_ms=MS, **shape)
    assert told.seconds < BUDGET_S + SLACK_S
    if "consensus" in shape:
        assert b'"abstained":true' in told.body
    else:
        assert told.error["code"] == "deadline_exceeded"
        if not told.body.startswith(b"data"):
            assert (told.status, told.headers["x-should-retry"]) == (504, "false")


@in_every_shape
async def test_an_answer_that_begins_after_the_deadline_comes_too_late(
    shape: Shape,
) -> None:
    late: list[Step] = [(BUDGET_S * 2, step) for _, step in said("13")]
    engine = PlayedEngine(
        drawn=lambda: PlayedStream(thinking(10), stalls=True),
        answered=lambda: PlayedStream(late),
    )
    async with gateway(engine) as gw:
        told = await gw.ask(deadline_ms=MS, **shape)
    assert told.seconds < BUDGET_S + SLACK_S
    assert "13" not in told.content
    assert engine.resumed


async def test_one_stalled_sample_does_not_cost_the_others_their_votes() -> None:
    numbers = iter(range(100))

    def drawn() -> PlayedStream:
        if next(numbers) == 0:
            return PlayedStream(thinking(3), stalls=True, deaf=True)
        return PlayedStream([*thinking(3), *said("46")])

    engine = PlayedEngine(drawn=drawn)
    async with gateway(engine) as gw:
        options = {"max_samples": 4, "early_stop": "none"}
        told = await gw.ask(deadline_ms=MS, consensus=options)
    assert told.json()["consensus"]["answer"] == "46"
    assert told.seconds < BUDGET_S + SLACK_S


async def test_stalled_requests_side_by_side_all_end_in_time() -> None:
    engine = PlayedEngine(drawn=lambda: PlayedStream(thinking(10), stalls=True))
    async with gateway(engine) as gw:
        told = await asyncio.gather(*(gw.ask(deadline_ms=MS) for _ in range(20)))
    assert all(each.status in (200, 503) for each in told)
    assert all(each.met for each in told if not each.failed)
    assert sum(each.status == 200 for each in told) >= 1
