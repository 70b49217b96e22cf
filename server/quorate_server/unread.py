"""Noticing a client that does not read its answer, and dropping it."""

import asyncio


class UnreadWatch:
    """Aborts a transport of whose unsent bytes none could be sent for `timeout_s`.

    While it watches nothing more may be written: fewer unsent bytes then mean that somebody reads.
    """

    __slots__ = ("_loop", "_timeout_s", "_timer", "_transport", "_unsent")

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, timeout_s: float
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._timeout_s = timeout_s
        self._timer: asyncio.TimerHandle | None = None
        self._unsent = 0

    def begin(self) -> None:
        """Watch from now on, until `end` or until everything is sent."""
        self.end()
        self._unsent = self._transport.get_write_buffer_size()
        if self._unsent:
            self._timer = self._loop.call_later(self._timeout_s, self._check)

    def end(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        self._timer = None
        if self._transport.get_write_buffer_size() >= self._unsent:
            self._transport.abort()
        else:
            self.begin()
