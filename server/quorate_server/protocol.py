"""uvicorn's HTTP protocol, with the few things a gateway with deadlines needs of it."""

import asyncio
import os
import time
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from quorate_server.cork import CorkedTransport
from quorate_server.envelope import error_body
from quorate_server.errors import BodyTimeout, RequestError
from quorate_server.unread import UnreadWatch


class GatewayProtocol(HttpToolsProtocol):
    """Stamps each request with its arrival, and bounds the wait for its head and its body.

    `scope["quorate.arrived_at"]` is the monotonic time (seconds) of the request's first byte: every
    deadline counts from it. A connection that had `head_timeout_s` and has not sent a whole head
    is closed; that also ends connections which never say anything, and bodies still being sent
    after the answer. A body that is not complete after `body_timeout_s` is answered with 408, a
    head of more than `max_head_bytes` with 431, what is no HTTP with 400: in OpenAI's envelope,
    like every other error. A client that reads nothing of what it is sent for `write_timeout_s` is
    taken for gone: the connection is dropped, and with it what is generated for it.
    """

    head_timeout_s = 10.0
    body_timeout_s = 30.0
    write_timeout_s = 30.0
    max_head_bytes = 65_536

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = False
        self._head_bytes = 0
        self._in_body = False
        self._waiting_since: float | None = None
        """When the wait for a head or a body began; None while a request is answered."""
        self._wait_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        wire = cast(asyncio.Transport, transport)
        self._unread = UnreadWatch(wire, self.loop, self.write_timeout_s)
        self._corked = CorkedTransport(wire, self.loop, lambda: self._in_body, self._unread.begin)
        super().connection_made(cast(asyncio.Transport, self._corked))
        self._waiting_since = self.loop.time()
        self._wait_timer = self.loop.call_later(self.head_timeout_s, self._check_wait)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._wait_timer is not None:
            self._wait_timer.cancel()
        self._unread.end()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread.begin()

    def resume_writing(self) -> None:
        self._unread.end()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        if self._corked.lingering:
            return  # nobody reads it; uvicorn's keep-alive time ends this
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self.max_head_bytes and not self.transport.is_closing():
                self._refuse(RequestError("The request's head is too large."), 431)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0
        self.scope["quorate.arrived_at"] = time.monotonic()  # type: ignore[typeddict-unknown-key]

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._in_body = True
        self._waiting_since = self.loop.time()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_body = False
        self._waiting_since = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        if not self.pipeline:
            self._in_body = False
            self._waiting_since = self.loop.time()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(RequestError(msg))

    def _refuse(self, error: RequestError, status: int | None = None) -> None:
        """Answer in the app's place, and close."""
        self._in_body = False
        body = error_body(error)
        head = (
            b"content-type: application/json\r\n"
            b"x-request-id: q-%b\r\n"
            b"content-length: %d\r\n"
            b"connection: close\r\n\r\n" % (os.urandom(12).hex().encode(), len(body))
        )
        self.transport.write(STATUS_LINE[status or error.status] + head + body)
        self.transport.close()

    def _check_wait(self) -> None:
        """One timer a connection, however many requests it carries."""
        if self.transport.is_closing():
            return
        now = self.loop.time()
        since = now if self._waiting_since is None else self._waiting_since
        due = since + (self.body_timeout_s if self._in_body else self.head_timeout_s)
        if due > now:
            self._wait_timer = self.loop.call_at(due, self._check_wait)
        elif self._in_body and not self.cycle.response_started:
            self.cycle.disconnected = True  # the app is told that its client has left
            self.cycle.message_event.set()
            self._refuse(BodyTimeout(f"The body was not complete after {self.body_timeout_s:g} s."))
        else:
            self.transport.close()
