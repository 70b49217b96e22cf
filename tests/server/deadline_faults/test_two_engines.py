"""Two engines of one model, the first of them out of order: the other answers in time."""

import pytest

from quorate_sampling.errors import EngineError, EngineFailed, EngineUnavailable
from quorate_server.engines.hedge_budget import MOST_SHARE, HedgeBudget
from tests.server.deadline_faults.played import (
    FOR_EVER_S,
    THOUGHT,
    PlayedEngine,
    PlayedStream,
    gateway,
    said,
    thinking,
)
from tests.server.deadline_faults.side_by_side import Shape, in_every_shape

BUDGET_MS = 900
UNREACHABLE = EngineUnavailable("No connection.")
DIED = EngineFailed("The engine broke off.")


def well() -> PlayedEngine:
    return PlayedEngine(
        drawn=lambda: PlayedStream([*thinking(3), *said("46")]),
        answered=lambda: PlayedStream(said("46")),
    )


def failing(error: EngineError) -> PlayedEngine:
    """An engine that begins nothing."""

    def fails() -> PlayedStream:
        return PlayedStream([(0.01, error)])

    return PlayedEngine(drawn=fails, answered=fails)


@in_every_shape
@pytest.mark.parametrize("error", [UNREACHABLE, DIED], ids=["unreachable", "died"])
async def test_what_fails_before_its_first_token_is_drawn_by_the_other(
    shape: Shape, error: EngineError
) -> None:
    sick, other = failing(error), well()
    async with gateway(sick, other) as gw:
        with gw.pool.replicas[1].lease():  # the busier one is not the first to be asked
            told = await gw.ask(deadline_ms=BUDGET_MS, **shape)
    assert told.status == 200
    assert told.content.removeprefix("= ") == "46"
    assert told.met
    assert sick.played


@in_every_shape
async def test_a_thought_is_closed_by_the_other_where_the_first_dies_behind_it(
    shape: Shape,
) -> None:
    sick = PlayedEngine(
        drawn=lambda: PlayedStream(thinking(10), stalls=True),
        answered=lambda: PlayedStream([(0.001, UNREACHABLE)]),
    )
    other = well()
    async with gateway(sick, other) as gw:
        with gw.pool.replicas[1].lease():  # the busier one is not the first to be asked
            told = await gw.ask(deadline_ms=BUDGET_MS, **shape)
    assert told.content.removeprefix("= ") == "46"
    assert told.met
    assert other.resumed[0].token_ids == sick.resumed[0].token_ids


async def test_an_engine_that_does_not_begin_is_hedged_where_that_is_allowed() -> None:
    hedging = HedgeBudget(MOST_SHARE)
    for _ in range(100):
        hedging.drawn()
    silent, other = PlayedEngine(drawn=lambda: PlayedStream([(FOR_EVER_S, THOUGHT)])), well()
    async with gateway(silent, other, hedging=hedging) as gw:
        with gw.pool.replicas[1].lease():  # the busier one is not the first to be asked
            told = await gw.ask(deadline_ms=5_000)
    assert told.content == "46"
    assert (hedging.counts.sent, hedging.counts.won) == (1, 1)
    assert told.json()["usage"]["estimated"] is False
    assert told.json()["usage"]["completion_tokens"] == other.played[0].generated
    assert silent.played[0].stops == 1


async def test_both_engines_out_of_order_are_told_with_the_first_reason() -> None:
    one, other = failing(UNREACHABLE), failing(DIED)
    async with gateway(one, other) as gw:
        with gw.pool.replicas[1].lease():  # the busier one is not the first to be asked
            told = await gw.ask(deadline_ms=BUDGET_MS)
    assert told.error["code"] == "engine_unavailable"
    assert len(one.played) == len(other.played) == 1
