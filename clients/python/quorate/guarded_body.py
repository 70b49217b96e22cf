"""A response's body under a deadline."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from quorate.deadline import Deadline
from quorate.expiry import MARK
from quorate.http_library import httpx
from quorate.paced import close
from quorate.wishes import OnExpiry

if TYPE_CHECKING:
    from httpx2 import Response


class GuardedBody(httpx.AsyncByteStream):
    """Ends at the deadline, whatever is still coming: with an error, or cleanly and marked."""

    def __init__(
        self, response: "Response", limit: Deadline, on_expiry: OnExpiry, late: Exception
    ) -> None:
        """`late` is the error that is raised then."""
        assert isinstance(response.stream, httpx.AsyncByteStream)
        self._body = response.stream
        self._extensions = response.extensions
        self._limit = limit
        self._on_expiry = on_expiry
        self._late = late
        self._pieces: AsyncIterator[bytes] | None = None

    def __aiter__(self) -> "GuardedBody":
        return self

    async def __anext__(self) -> bytes:
        if self._pieces is None:
            self._pieces = aiter(self._body)
        try:
            async with asyncio.timeout(self._limit.remaining_s()) as clock:
                return await anext(self._pieces)
        except TimeoutError:
            if not clock.expired():
                raise
        self._extensions[MARK] = True
        if self._on_expiry == "raise":
            raise self._late from None
        raise StopAsyncIteration

    async def aclose(self) -> None:
        await close(self._pieces)
        await self._body.aclose()
