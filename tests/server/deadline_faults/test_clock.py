"""A deadline lives on the monotonic clock: what the wall clock does is nothing to it."""

import time
from collections.abc import Iterator

import pytest

from tests.server.deadline_faults.played import (
    SLACK_S,
    PlayedEngine,
    PlayedStream,
    gateway,
    thinking,
)

BUDGET_MS = 500


@pytest.mark.parametrize("jump_s", [-86_400.0, -1.0, 1.0, 86_400.0, 1e9])
async def test_a_wall_clock_that_jumps_changes_nothing(
    jump_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time

    def jumping() -> Iterator[float]:
        yield real()
        while True:
            yield real() + jump_s

    times = jumping()
    monkeypatch.setattr(time, "time", lambda: next(times))
    engine = PlayedEngine(drawn=lambda: PlayedStream(thinking(10), stalls=True))
    async with gateway(engine) as gw:
        told = await gw.ask(deadline_ms=BUDGET_MS)
    assert told.content == "13"
    assert told.met
    assert 0 < told.deadline["elapsed_ms"] <= BUDGET_MS
    assert told.seconds < BUDGET_MS / 1000 + SLACK_S
