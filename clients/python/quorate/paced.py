"""Long bodies read in pieces, so that one that pours in does not hold the event loop."""

from collections.abc import AsyncIterator
from types import AsyncGeneratorType

from quorate.http_library import httpx
from quorate.turns import Turns

FREE_BYTES = 64 * 1024
"""What an answer has at once: most are not longer."""
PIECE_BYTES = 4 * 1024
"""A few dozen events, about two milliseconds of work."""


class PacedBody(httpx.AsyncByteStream):
    """Passes a body on whole at first, then a piece in each turn that the gate gives."""

    def __init__(self, body: object, gate: Turns) -> None:
        assert isinstance(body, httpx.AsyncByteStream)
        self._body = body
        self._gate = gate
        self._data: AsyncIterator[bytes] | None = None
        self._left = b""
        self._passed = 0

    def __aiter__(self) -> "PacedBody":
        return self

    async def __anext__(self) -> bytes:
        if self._data is None:
            self._data = aiter(self._body)
        if not self._left:
            self._left = await anext(self._data)
        if self._passed >= FREE_BYTES:
            await self._gate.turn()
        piece, self._left = self._left[:PIECE_BYTES], self._left[PIECE_BYTES:]
        self._passed += len(piece)
        return piece

    async def aclose(self) -> None:
        await close(self._data)
        await self._body.aclose()


async def close(pieces: AsyncIterator[bytes] | None) -> None:
    """End a body's iteration, which would be left to the garbage collector otherwise; one that is
    still waited for ends with that wait.
    """
    if isinstance(pieces, AsyncGeneratorType) and not pieces.ag_running:
        await pieces.aclose()
