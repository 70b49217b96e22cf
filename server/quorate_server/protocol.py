"""uvicorn's HTTP protocol, with the few things a gateway with deadlines needs of it."""

import asyncio
import os
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from quorate_server.envelope import error_body
from quorate_server.errors import RequestError


class GatewayProtocol(HttpToolsProtocol):
    """Stamps each request with its arrival, and bounds the wait for a request's head.

    `scope["quorate.arrived_at"]` is the loop's time (seconds) of the request's first byte: every
    deadline counts from it. A connection that had `head_timeout_s` and has not sent a whole head,
    or has sent more than `max_head_bytes` of one, is closed; that also ends connections which
    never say anything, and bodies still being sent after the answer. What is no HTTP is refused
    in OpenAI's envelope, like every other error.
    """

    head_timeout_s = 10.0
    max_head_bytes = 65_536

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = False
        self._head_bytes = 0
        self._waiting_since: float | None = None
        """When the wait for a head began; None while a request is read or answered."""
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn narrows it
        self._waiting_since = self.loop.time()
        self._head_timer = self.loop.call_later(self.head_timeout_s, self._check_head)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self.max_head_bytes and not self.transport.is_closing():
                self._refuse(431, "The request's head is too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0
        self.scope["quorate.arrived_at"] = self.loop.time()  # type: ignore[typeddict-unknown-key]

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._waiting_since = None
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        if not self.pipeline:
            self._waiting_since = self.loop.time()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, msg)

    def _refuse(self, status: int, message: str) -> None:
        body = error_body(RequestError(message))
        head = (
            b"content-type: application/json\r\n"
            b"x-request-id: q-%b\r\n"
            b"content-length: %d\r\n"
            b"connection: close\r\n\r\n" % (os.urandom(12).hex().encode(), len(body))
        )
        self.transport.write(STATUS_LINE[status] + head + body)
        self.transport.close()

    def _check_head(self) -> None:
        """One timer a connection, however many requests it carries."""
        if self.transport.is_closing():
            return
        now = self.loop.time()
        since = now if self._waiting_since is None else self._waiting_since
        due = since + self.head_timeout_s
        if due <= now:
            self.transport.close()
        else:
            self._head_timer = self.loop.call_at(due, self._check_head)
