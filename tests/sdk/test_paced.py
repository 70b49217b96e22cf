"""A body that pours in holds up nobody."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from quorate.paced import FREE_BYTES, PIECE_BYTES, PacedBody
from quorate.turns import Turns


class Poured(httpx2.AsyncByteStream):
    """Is there at once, in pieces of so many bytes."""

    def __init__(self, *lengths: int) -> None:
        self.lengths = lengths
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for number, length in enumerate(self.lengths):
            yield bytes([number % 256]) * length

    async def aclose(self) -> None:
        self.closed = True


async def turns_while_reading(body: PacedBody) -> tuple[bytes, int]:
    """What is read, and how often others had their turn in the meantime."""
    others = 0

    async def others_turn() -> None:
        nonlocal others
        while True:
            await asyncio.sleep(0)
            others += 1

    waiting = asyncio.create_task(others_turn())
    await asyncio.sleep(0)
    read = b"".join([piece async for piece in body])
    waiting.cancel()
    return read, others


@pytest.mark.parametrize("lengths", [(), (0,), (1,), (5000, 3), (200_000,), (65_536,) * 5])
async def test_every_byte_comes_through(lengths: tuple[int, ...]) -> None:
    poured = Poured(*lengths)
    body = PacedBody(poured, Turns(asyncio.get_running_loop()))
    read, _ = await turns_while_reading(body)
    assert read == b"".join([piece async for piece in poured])
    await body.aclose()
    assert poured.closed


async def test_an_answer_of_common_length_does_not_wait() -> None:
    body = PacedBody(Poured(FREE_BYTES), Turns(asyncio.get_running_loop()))
    assert (await turns_while_reading(body))[1] == 0


async def test_others_have_their_turns_while_more_than_that_is_read() -> None:
    pieces = 100
    body = PacedBody(Poured(FREE_BYTES + pieces * PIECE_BYTES), Turns(asyncio.get_running_loop()))
    assert (await turns_while_reading(body))[1] >= pieces - 1
