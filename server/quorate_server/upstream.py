"""The seam between the gateway and the HTTP of whatever stands behind it.

The hot path and the engine clients know an upstream only by these types, so that the client
underneath can be exchanged without either noticing.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

Header = tuple[bytes, bytes]
"""Name in lower case, value; as in ASGI."""


class UpstreamResponse(Protocol):
    """A response whose head has arrived. Must be closed, or read to its end."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Sequence[Header]: ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The body in the pieces it arrives in. Raises EngineFailed where it breaks off."""

    async def read(self) -> bytes:
        """The whole (remaining) body."""

    def close(self) -> None:
        """Drop the rest: closes the connection if the body was not read to its end. Idempotent."""


class Upstream(Protocol):
    """One HTTP origin, with its connections."""

    @property
    def base_url(self) -> str: ...

    async def send(
        self, method: str, path: str, *, headers: Sequence[Header] = (), body: bytes = b""
    ) -> UpstreamResponse:
        """Send a request and wait for the response's head. Cancelling closes the connection.

        Raises EngineUnavailable where nothing can have been processed (no connection), and
        EngineFailed where the connection broke after the request was sent. A stale pooled
        connection is replaced once, and only if no byte came back.
        """

    async def aclose(self) -> None:
        """Close every connection."""
