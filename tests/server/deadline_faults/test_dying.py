"""An engine that dies: before its first token, in a thought, behind the closer, in an answer."""

import pytest

from quorate_sampling.errors import EngineError, EngineFailed, EngineUnavailable
from tests.server.deadline_faults.played import (
    SLACK_S,
    PlayedEngine,
    PlayedStream,
    Step,
    gateway,
    said,
    thinking,
)
from tests.server.deadline_faults.side_by_side import Shape, in_every_shape

BUDGET_MS = 600
DIED = EngineFailed("The engine broke off.")
REFUSED = EngineUnavailable("No connection.")


def dying(*steps: Step, error: EngineError = DIED) -> PlayedStream:
    return PlayedStream([*steps, (0.001, error)])


@in_every_shape
@pytest.mark.parametrize("error", [DIED, REFUSED], ids=["died", "unreachable"])
async def test_an_engine_that_dies_at_once_is_told_at_once(
    shape: Shape, error: EngineError
) -> None:
    engine = PlayedEngine(drawn=lambda: dying(error=error), answered=lambda: dying(error=error))
    async with gateway(engine) as gw:
        told = await gw.ask(deadline_ms=BUDGET_MS, **shape)
    assert told.status == error.status
    assert told.headers["x-should-retry"] == "true"
    assert told.seconds < 0.3


@in_every_shape
async def test_an_engine_that_dies_behind_the_closer_is_no_miss(shape: Shape) -> None:
    engine = PlayedEngine(
        drawn=lambda: PlayedStream(thinking(10), stalls=True), answered=lambda: dying()
    )
    async with gateway(engine) as gw:
        told = await gw.ask(deadline_ms=BUDGET_MS, **shape)
    assert told.seconds < BUDGET_MS / 1000 + SLACK_S
    assert told.error["code"] in ("engine_failed", "group_failed")
    assert engine.resumed


@in_every_shape
async def test_an_engine_that_dies_in_a_forced_answer_leaves_no_half_a_number(
    shape: Shape,
) -> None:
    engine = PlayedEngine(
        drawn=lambda: PlayedStream(thinking(10), stalls=True),
        answered=lambda: dying(*said("1")),
    )
    async with gateway(engine) as gw:
        told = await gw.ask(deadline_ms=BUDGET_MS, **shape)
    assert told.error["code"] in ("engine_failed", "group_failed")
    assert b"[DONE]" not in told.body


async def test_a_sample_that_dies_behind_its_closer_costs_only_its_vote() -> None:
    numbers = iter(range(100))
    engine = PlayedEngine(
        drawn=lambda: PlayedStream(thinking(10), stalls=True),
        answered=lambda: dying() if next(numbers) == 0 else PlayedStream(said("46")),
    )
    async with gateway(engine) as gw:
        options = {"max_samples": 3, "early_stop": "none"}
        told = await gw.ask(deadline_ms=BUDGET_MS, consensus=options)
    consensus = told.json()["consensus"]
    assert consensus["answer"] == "46"
    assert consensus["sample_counts"]["failed"] == 1
    assert told.json()["usage"]["estimated"] is True


async def test_what_a_dead_engine_may_have_generated_is_a_bound_in_the_bill() -> None:
    numbers = iter(range(100))
    engine = PlayedEngine(
        drawn=lambda: dying(*thinking(5, 0.001)) if next(numbers) == 0 else PlayedStream(said("46"))
    )
    async with gateway(engine) as gw:
        told = await gw.ask(
            deadline_ms=BUDGET_MS, consensus={"max_samples": 3, "early_stop": "none"}
        )
    usage = told.json()["usage"]
    generated = sum(stream.generated for stream in engine.played)
    assert usage["estimated"] is True
    assert generated <= usage["completion_tokens"] <= generated + 3 * 16
