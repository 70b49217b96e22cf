import asyncio
import time

from quorate_server.lag import LEAST_MARGIN_S, LoopLag


async def test_a_blocked_event_loop_shows_in_the_margin() -> None:
    lag = LoopLag()
    assert lag.margin_s(3.0) == LEAST_MARGIN_S
    async with lag.measured():
        await asyncio.sleep(0)
        time.sleep(0.2)  # noqa: ASYNC251 - the blocking is what is measured
        await asyncio.sleep(0.06)
    assert 0.1 < lag.margin_s(3.0) - LEAST_MARGIN_S < 1.0


def test_a_margin_leaves_most_of_the_budget() -> None:
    lag = LoopLag()
    lag.recent.append(60.0)
    assert lag.margin_s(3.0) == LEAST_MARGIN_S + 1.0
