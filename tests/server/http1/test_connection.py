import asyncio
from itertools import pairwise
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from quorate_server.http1.connection import Connection
from quorate_server.http1.response import Response

BODY = b'data: {"a": 1}\n\ndata: [DONE]\n\n'
WIRE = {
    "chunked": b"HTTP/1.1 200 OK\r\nX-One: 1\r\ntransfer-encoding: chunked\r\n\r\n"
    + b"".join(b"1\r\n%c\r\n" % byte for byte in BODY)
    + b"0\r\nx-trailer: t\r\n\r\n",
    "length": b"HTTP/1.1 200 OK\r\nX-One: 1\r\ncontent-length: %d\r\n\r\n%b" % (len(BODY), BODY),
}
WIRE["interim"] = b"HTTP/1.1 100 Continue\r\n\r\n" + WIRE["length"]


class Wire:
    """A transport that only takes."""

    def __init__(self) -> None:
        self.aborted = False

    def write(self, data: bytes) -> None: ...

    def writelines(self, data: list[bytes]) -> None: ...

    def abort(self) -> None:
        self.aborted = True

    def get_extra_info(self, name: str) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Told:
    def __init__(self) -> None:
        self.events: list[str] = []

    def on_made(self, connection: Connection) -> None: ...

    def on_idle(self, connection: Connection) -> None:
        self.events.append("idle")

    def on_closed(self, connection: Connection) -> None:
        self.events.append("closed")

    def on_lost(self, connection: Connection) -> None: ...


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({place % len(data) for place in places}), len(data)]
    return [data[a:b] for a, b in pairwise(edges) if a < b]


@given(st.sampled_from(sorted(WIRE)), st.lists(st.integers(0, 10_000), max_size=40))
def test_a_response_is_the_same_however_it_was_cut(kind: str, places: list[int]) -> None:
    async def exchange() -> tuple[Response, bytes, list[str]]:
        told = Told()
        connection = Connection(asyncio.get_running_loop(), told)
        connection.connection_made(cast(Any, Wire()))
        asking = asyncio.ensure_future(connection.exchange(b"GET", b"", head_only=False))
        await asyncio.sleep(0)
        for piece in cut(WIRE[kind], places):
            connection.data_received(piece)
            await asyncio.sleep(0)
        response = await asking
        return response, await response.read(), told.events

    response, body, events = asyncio.run(exchange())
    assert (response.status, body) == (200, BODY)
    assert response.headers[0] == (b"x-one", b"1")
    assert len(response.headers) == 2, "a trailer is no header"
    assert events == ["idle"]
