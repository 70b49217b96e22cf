"""Ways to fail a client, each a coroutine: every one a network, a proxy or a server has."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from tests.sdk.faults.wire import (
    ANSWER,
    BROKEN,
    CONSENSUS,
    LAST,
    MODELS,
    PROGRESS,
    SPENT,
    SSE,
    USAGE,
    chunk,
    completion,
    delta,
    error,
    event,
    head,
    json_of,
    whole,
)

DRIP_S = 0.05


class ClientLeft(Exception):
    """The client closed its connection."""


@dataclass(slots=True)
class Exchange:
    """One request, and the means to mistreat who sent it."""

    method: str
    path: str
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def streamed(self) -> bool:
        """Whether the answer is to come as server-sent events."""
        return b'"stream":true' in self.body.replace(b" ", b"")

    async def say(self, data: bytes) -> None:
        """Send some bytes. Raises ConnectionError once the client has reset the connection."""
        self.writer.write(data)
        await self.writer.drain()

    async def wait(self, seconds: float | None = None) -> None:
        """Do nothing for so long, or for ever. Raises ClientLeft when the client closes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while await self.reader.read(65536):
                    pass
            raise ClientLeft

    async def say_for_ever(self, piece: bytes, every_s: float = DRIP_S) -> None:
        while True:
            await self.say(piece)
            await self.wait(every_s)

    def reset(self) -> None:
        """End the connection by RST, as a crashed peer's kernel does."""
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Fault = Callable[[Exchange], Awaitable[None]]
"""Treats one request; unless it leaves a whole answer behind, it ends the connection."""


async def answer(exchange: Exchange) -> None:
    """What was asked for."""
    if exchange.method == "GET":
        await exchange.say(whole(MODELS))
    elif exchange.streamed:
        await exchange.say(SSE + event(**delta(role="assistant"), consensus_progress=PROGRESS))
        await exchange.say(event(**delta(), consensus=CONSENSUS, deadline=SPENT))
        await exchange.say(event(**delta(content=ANSWER)) + event(**delta("stop")))
        await exchange.say(event(choices=[], usage=USAGE) + chunk(b"data: [DONE]\n\n") + LAST)
    else:
        await exchange.say(whole(completion()))


async def mute(exchange: Exchange) -> None:
    """Takes the request and says nothing."""
    await exchange.wait()


async def stalled_head(exchange: Exchange) -> None:
    """Stops in the middle of the head."""
    await exchange.say(SSE[:30])
    await exchange.wait()


async def stalled_body(exchange: Exchange) -> None:
    """Stops behind the head, or behind the first votes of a stream."""
    await exchange.say(SSE if exchange.streamed else head(*json_of(1000)) + b'{"id": ')
    if exchange.streamed:
        await exchange.say(event(**delta(role="assistant"), consensus_progress=PROGRESS))
    await exchange.wait()


async def dropped(exchange: Exchange) -> None:
    """Closes without a word."""


async def dropped_behind_head(exchange: Exchange) -> None:
    """Closes where the body should begin."""
    await exchange.say(SSE if exchange.streamed else head(*json_of(1000)))


async def dropped_mid_body(exchange: Exchange) -> None:
    """Closes in the middle of the body."""
    said = SSE + event(**delta(role="assistant"), consensus_progress=PROGRESS)
    await exchange.say(said if exchange.streamed else whole(completion())[:-50])


async def reset(exchange: Exchange) -> None:
    """Resets the connection instead of answering."""
    exchange.reset()


async def reset_mid_body(exchange: Exchange) -> None:
    """Resets the connection in the middle of the body."""
    await exchange.say(SSE if exchange.streamed else whole(completion())[:-50])
    exchange.reset()


async def dripped_head(exchange: Exchange) -> None:
    """A byte of a header now and then, for ever: no single read takes long."""
    await exchange.say(b"HTTP/1.1 200 OK\r\nx-drip: ")
    await exchange.say_for_ever(b"a")


async def dripped_body(exchange: Exchange) -> None:
    """A byte of the body now and then, for ever."""
    if exchange.streamed:
        await exchange.say(SSE)
        await exchange.say_for_ever(chunk(b"a"))
    await exchange.say(head(*json_of(10**9)))
    await exchange.say_for_ever(b" ")


async def comments(exchange: Exchange) -> None:
    """A stream of nothing but comments, asked for or not."""
    await exchange.say(SSE)
    await exchange.say_for_ever(chunk(b": keep-alive\n\n"))


async def empty_deltas(exchange: Exchange) -> None:
    """A stream of events that say nothing and never end."""
    await exchange.say(SSE)
    await exchange.say_for_ever(event(**delta()))


async def flood(exchange: Exchange) -> None:
    """A hundred long events a second, without end."""
    await exchange.say(SSE)
    await exchange.say_for_ever(event(**delta(content="a" * 1000)), 0.01)


async def garbage(exchange: Exchange) -> None:
    """Bytes that are no HTTP."""
    await exchange.say(bytes(range(256)) * 8)


async def huge_headers(exchange: Exchange) -> None:
    """More headers than anybody needs."""
    await exchange.say(head(*(f"x-{i}: {'a' * 1000}" for i in range(1000))) + b"{}")


async def content_too_short(exchange: Exchange) -> None:
    """Less of a body than was promised."""
    await exchange.say(head(*json_of(10_000)) + json.dumps(completion()).encode())


async def content_too_long(exchange: Exchange) -> None:
    """More of a body than was promised."""
    await exchange.say(head(*json_of(20)) + json.dumps(completion()).encode())


async def broken_json(exchange: Exchange) -> None:
    """A body, or an event, that is no JSON."""
    await exchange.say(SSE + chunk(b"data: {not json\n\n") + LAST if exchange.streamed else BROKEN)


async def other_shape(exchange: Exchange) -> None:
    """JSON of another shape than a completion's."""
    body = {"choices": [], "consensus": "yes", "usage": 7, "deadline": []}
    if exchange.streamed:
        await exchange.say(SSE + event(**body) + chunk(b"data: [DONE]\n\n") + LAST)
    else:
        await exchange.say(whole(body))


async def not_an_object(exchange: Exchange) -> None:
    """JSON that is no object at all."""
    await exchange.say(SSE + chunk(b"data: null\n\n") + LAST if exchange.streamed else whole(None))


async def moved(exchange: Exchange) -> None:
    """Sent on to itself, again and again."""
    line = f"location: {exchange.path}"
    await exchange.say(head(line, "content-length: 0", status="307 Temporary Redirect"))


async def overloaded(exchange: Exchange) -> None:
    """Busy, and busy still when it is asked again as soon as it said."""
    await exchange.say(error("503 Service Unavailable", "overloaded", "retry-after-ms: 30"))


async def overloaded_for_hours(exchange: Exchange) -> None:
    """Busy for longer than anybody waits."""
    await exchange.say(error("503 Service Unavailable", "overloaded", "retry-after: 7200"))


async def failing(exchange: Exchange) -> None:
    """500, each time."""
    await exchange.say(error("500 Internal Server Error", "internal"))


FAULTS: Mapping[str, Fault] = {
    each.__name__: each
    for each in (
        *(mute, stalled_head, stalled_body, dropped, dropped_behind_head, dropped_mid_body, reset),
        *(reset_mid_body, dripped_head, dripped_body, comments, empty_deltas, flood, garbage),
        *(huge_headers, content_too_short, content_too_long, broken_json, other_shape),
        *(not_an_object, moved, overloaded, overloaded_for_hours, failing),
    )
}
WHOLE = (answer, moved, other_shape, overloaded, overloaded_for_hours, failing, not_an_object)
