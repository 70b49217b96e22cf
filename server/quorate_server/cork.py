"""A transport that sends a response's head with what follows it, and closes without a reset."""

import asyncio
from collections.abc import Callable
from typing import Any


class CorkedTransport:
    """Holds back a response's head until the next write, or the end of the loop's turn.

    uvicorn writes head and body apart, and each write is a system call and a packet of its own:
    for a short answer they cost more than the answer.

    Closing while the client is still sending (`unfinished`) would make the kernel answer with a
    reset, which takes the response from the client before it has read it. So the first `close`
    then only ends our side, `lingering` says so, and the second one closes. `on_close` is called
    each time: what is not sent yet keeps the connection open.
    """

    __slots__ = (
        "_held",
        "_loop",
        "_on_close",
        "_transport",
        "_unfinished",
        "is_closing",
        "lingering",
        "write_through",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        unfinished: Callable[[], bool],
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._unfinished = unfinished
        self._on_close = on_close
        self.lingering = False
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
        if self._unfinished() and not self.lingering and self._transport.can_write_eof():
            self.lingering = True
            self._transport.write_eof()
        else:
            self._transport.close()
        self._on_close()
