import asyncio
from typing import Any

import pytest

from quorate_server.leaving import while_connected


async def stays() -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


async def leaves() -> dict[str, Any]:
    return {"type": "http.disconnect"}


async def test_work_is_done_while_the_client_is_there() -> None:
    done = []

    async def work() -> None:
        done.append(1)

    assert await while_connected(stays, work())
    assert done


async def test_when_the_client_leaves_the_work_is_cancelled_and_its_cleaning_up_waited_for() -> (
    None
):
    cleaned = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(1)

    assert not await while_connected(leaves, work())
    assert cleaned


async def test_what_the_work_raises_is_raised() -> None:
    async def work() -> None:
        raise ValueError("out")

    with pytest.raises(ValueError, match="out"):
        await while_connected(stays, work())


async def test_a_cancelled_caller_cancels_the_work() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    caller = asyncio.ensure_future(while_connected(stays, work()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended.is_set()
