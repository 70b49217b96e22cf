"""One TCP connection to an origin, carrying one exchange at a time."""

import asyncio
import socket
from typing import Protocol, cast

import httptools

from quorate_server.errors import EngineFailed
from quorate_server.http1.response import Response

MAX_HEAD_BYTES = 262_144
"""A response head longer than this is refused."""

STALE_WINDOW_S = 1.0
"""A reused connection that ends this soon after a request, without a byte, was stale: the peer's
close of the idle connection and our request crossed on the way. One that ends later had an engine
at work behind it, and sending the request again could generate twice."""


class StaleConnectionError(Exception):
    """The pooled connection had been closed by the peer; the request was not processed."""


class Keeper(Protocol):
    """Who is told what becomes of a connection."""

    def on_made(self, connection: "Connection") -> None:
        """It is connected."""

    def on_idle(self, connection: "Connection") -> None:
        """An exchange has ended and another may follow."""

    def on_closed(self, connection: "Connection") -> None:
        """It can take no more requests. Called once, also while it is idle."""

    def on_lost(self, connection: "Connection") -> None:
        """Its socket has been closed."""


class Connection(asyncio.Protocol):
    """Parses what the peer sends into the `Response` of the exchange under way."""

    __slots__ = (
        "_got_bytes",
        "_head_bytes",
        "_head_only",
        "_interim",
        "_keep",
        "_keeper",
        "_loop",
        "_parser",
        "_paused",
        "_response",
        "_transport",
        "_unexpected",
        "_until_eof",
        "closed",
        "used",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, keeper: Keeper) -> None:
        self._loop = loop
        self._keeper = keeper
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._response: Response | None = None
        self._head_only = False
        self._got_bytes = False
        self._head_bytes = 0
        self._interim = False
        self._keep = False
        self._until_eof = False
        self._unexpected = False
        self._paused = False
        self.closed = False
        self.used = False
        """It has carried an exchange before."""

    async def exchange(self, head: bytes, body: bytes, *, head_only: bool) -> Response:
        """Send a request and wait for the response's head. Cancelling closes the connection.

        Raises StaleConnectionError where the request may be sent again, else EngineFailed.
        """
        transport = self._transport
        if transport is None or self.closed:
            raise StaleConnectionError
        response = self._response = Response(self)
        self._head_only = head_only
        self._got_bytes = False
        self._head_bytes = 0
        sent_at = self._loop.time()
        if body:
            transport.writelines((head, body))
        else:
            transport.write(head)
        try:
            while not response.started:
                if response.failure is not None:
                    soon = self._loop.time() - sent_at < STALE_WINDOW_S
                    if self.used and soon and not self._got_bytes:
                        raise StaleConnectionError
                    raise EngineFailed(response.failure)
                await response.wait()
        except asyncio.CancelledError:
            self.abort("the request was cancelled")
            raise
        return response

    def abort(self, why: str) -> None:
        """Close at once, dropping what was not sent: this is what stops an engine's generation."""
        self._end(why)
        if self._transport is not None:
            self._transport.abort()

    def resume(self) -> None:
        """The consumer has caught up."""
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            _keep_alive(sock)
        self._keeper.on_made(self)

    def data_received(self, data: bytes) -> None:
        response = self._response
        if response is None:
            self.abort("the peer sent what nobody had asked for")
            return
        self._got_bytes = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not response.complete:
                self.abort(f"the engine sent what is not HTTP: {error}")
                return
            self._keep = False
        if response.complete:
            self._end_exchange()
        elif not response.started:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.abort("the engine sent a head without end")

    def eof_received(self) -> None:
        response = self._response
        if response is not None and response.started and self._until_eof:
            response.finish()
        self._end("the engine closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("the connection to the engine broke" if exc else "the connection was closed")
        self._keeper.on_lost(self)

    # httptools

    def on_message_begin(self) -> None:
        if self._response is not None and self._response.complete:
            self._unexpected = True

    def on_header(self, name: bytes, value: bytes) -> None:
        response = self._response
        if response is not None and not response.started:  # else: a trailer
            response.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        response = self._response
        if response is None or response.complete:
            return
        status = self._parser.get_status_code()
        self._interim = status < 200
        if self._interim:
            response.headers.clear()
            return
        self._keep = self._parser.should_keep_alive()
        self._until_eof = not self._keep and not _is_framed(response)
        response.begin(status)
        if self._head_only:
            # The parser cannot be told that no body follows, whatever the head says.
            self._keep = False
            response.finish()

    def on_body(self, body: bytes) -> None:
        response = self._response
        if response is None or response.complete:
            return
        if response.feed(body) and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        if not self._interim and self._response is not None:
            self._response.finish()

    # inside

    def _end_exchange(self) -> None:
        transport = self._transport
        assert transport is not None
        # An answer that came before the request was all sent leaves the rest in the way.
        if not self._keep or self._unexpected or transport.get_write_buffer_size():
            self.abort("the exchange has ended")
            return
        self._response = None
        self.used = True
        self.resume()
        self._keeper.on_idle(self)

    def _end(self, why: str) -> None:
        response, self._response = self._response, None
        if response is not None:
            response.fail(why)
        if not self.closed:
            self.closed = True
            self._keeper.on_closed(self)


def _is_framed(response: Response) -> bool:
    """Whether the body says where it ends; otherwise it ends with the connection."""
    if response.status in (204, 304):
        return True
    return any(
        name == b"content-length"
        or (name == b"transfer-encoding" and value.lower().endswith(b"chunked"))
        for name, value in response.headers
    )


def _keep_alive(sock: socket.socket) -> None:
    """Let the kernel find out about a peer that vanished, after about a minute."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
