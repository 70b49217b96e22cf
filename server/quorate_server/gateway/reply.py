"""The answer to one request: what has been sent of it, and how an error is told from there."""

from collections.abc import Sequence

from quorate_server.envelope import error_body, error_headers
from quorate_server.errors import QuorateError
from quorate_server.gateway.asgi import Message, Send
from quorate_server.upstream import Header

EVENT_STREAM = b"text/event-stream"


class Reply:
    """ASGI's `send` for one request, that knows how far it got.

    `send` is what a handler from outside is given; the relay, which minds every microsecond,
    uses the server's own `raw_send` and says itself what it started.
    """

    __slots__ = ("ended", "raw_send", "request_id", "started", "streaming")

    def __init__(self, raw_send: Send, request_id: str) -> None:
        self.raw_send = raw_send
        self.request_id = request_id
        self.started = False
        self.streaming = False
        self.ended = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.streaming = any(
                name == b"content-type" and value.startswith(EVENT_STREAM)
                for name, value in message.get("headers", ())
            )
        elif not message.get("more_body", False):
            self.ended = True
        await self.raw_send(message)

    async def start_stream(self) -> None:
        """Begin a stream of events."""
        self.started = self.streaming = True
        await self.raw_send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"text/event-stream; charset=utf-8"),
                    (b"cache-control", b"no-cache"),
                    (b"x-accel-buffering", b"no"),
                    (b"x-request-id", self.request_id.encode()),
                ],
            }
        )

    async def whole(
        self, status: int, body: bytes, *, content_type: bytes, extra: Sequence[Header] = ()
    ) -> None:
        """A complete answer."""
        self.started = self.ended = True
        await self.raw_send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", content_type),
                    (b"content-length", b"%d" % len(body)),
                    (b"x-request-id", self.request_id.encode()),
                    *extra,
                ],
            }
        )
        await self.raw_send({"type": "http.response.body", "body": body})

    async def error(self, error: QuorateError, *, extra: Sequence[Header] = ()) -> None:
        """Tell an error: as an answer, or as an event where a stream is under way.

        Where an answer of another kind had begun nothing can be told: leaving it incomplete makes
        the server close the connection, which no client takes for an end.
        """
        if not self.started:
            await self.whole(
                error.status,
                error_body(error),
                content_type=b"application/json",
                extra=[*error_headers(error), *extra],
            )
        elif self.streaming and not self.ended:
            self.ended = True
            await self.raw_send({"type": "http.response.body", "body": error_event(error)})


def error_event(error: QuorateError) -> bytes:
    """An error inside a stream: its last event."""
    return b"data: " + error_body(error) + b"\n\n"
