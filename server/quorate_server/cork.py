"""A transport that lets a response's head leave together with what follows it."""

import asyncio
from typing import Any


class CorkedTransport:
    """Holds back a response's head until the next write, or the end of the loop's turn.

    uvicorn writes head and body apart, and each write is a system call and a packet of its own:
    for a short answer they cost more than the answer. Everything else goes through unchanged.
    """

    __slots__ = ("_held", "_loop", "_transport", "is_closing", "write_through")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: bytes | None = None
        self.is_closing = transport.is_closing
        self.write_through = transport.write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        held = self._held
        if held is not None:
            self._held = None
            self._transport.writelines((held, data))
        elif data.startswith(b"HTTP/1.1 "):
            self._held = data
            self._loop.call_soon(self.flush)
        else:
            self.write_through(data)

    def flush(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self.write_through(held)

    def close(self) -> None:
        self.flush()
        self._transport.close()
