"""Long bodies read in pieces, so that one that pours in does not hold the event loop."""

from collections.abc import AsyncIterator

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

    async def __aiter__(self) -> AsyncIterator[bytes]:
        passed = 0
        async for data in self._body:
            for start in range(0, len(data), PIECE_BYTES):
                if passed >= FREE_BYTES:
                    await self._gate.turn()
                piece = data[start : start + PIECE_BYTES]
                passed += len(piece)
                yield piece

    async def aclose(self) -> None:
        await self._body.aclose()
