"""One request on a socket, its times taken by the kernel.

The kernel stamps a segment when it takes it in (SO_TIMESTAMPNS), on the loopback interface the
moment the server hands it over. So the time between a request's first byte and its answer's last
is known without the lateness of the process that measures. All times are seconds of the wall
clock, which is the kernel's for this.
"""

import asyncio
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import httptools

SO_TIMESTAMPNS = 35
"""Linux's, and not among the socket module's names."""
_PIECE = 262_144
_TIMESPEC = struct.Struct("qq")


@contextmanager
def stamped() -> Iterator[None]:
    """Have the kernel stamp what comes in. It starts to some milliseconds after it was asked.

    Until then a stamp is the time of reading, which is never earlier.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as asking:
        _ask_for_stamps(asking)
        yield


def _ask_for_stamps(sock: socket.socket) -> None:
    with suppress(OSError):  # elsewhere than on Linux: then the time of reading has to do
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `status` is 0 where nothing whole did: the client gave up, or it broke.

    `sent_at` is before the first byte, `handed_at` the kernel's stamp on the last one, `read_at`
    when it was read here.
    """

    status: int
    body: bytes
    sent_at: float
    handed_at: float
    read_at: float


class Exchange:
    """A connection for one exchange at a time. `close` ends it at any moment."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.is_open = True

    @classmethod
    async def connect(cls, host: str, port: int) -> "Exchange":
        """Raises OSError where nobody listens."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _ask_for_stamps(sock)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (host, port))
        except BaseException:
            sock.close()
            raise
        return cls(sock)

    async def ask(self, request: bytes, give_up_s: float) -> Answer:
        """Send a request and read its answer; after `give_up_s` the connection is closed."""
        loop = asyncio.get_running_loop()
        reading = _Reading()
        sent_at = time.time()
        try:
            async with asyncio.timeout(give_up_s):
                await loop.sock_sendall(self._socket, request)
                while not reading.is_whole:
                    await self._read_into(reading)
        except (OSError, TimeoutError, httptools.HttpParserError):
            self.close()
            now = time.time()
            return Answer(0, b"", sent_at, now, now)
        if not reading.keeps_alive:
            self.close()
        read_at = time.time()
        handed_at = min(reading.handed_at or read_at, read_at)
        return Answer(reading.status, b"".join(reading.body), sent_at, handed_at, read_at)

    async def _read_into(self, reading: "_Reading") -> None:
        loop = asyncio.get_running_loop()
        readable = loop.create_future()
        loop.add_reader(self._socket, _wake, readable)
        try:
            await readable
        finally:
            loop.remove_reader(self._socket)
        try:
            data, told, _, _ = self._socket.recvmsg(_PIECE, 64)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionResetError("closed before the answer was whole")
        reading.feed(data, _stamp(told))

    def is_usable(self) -> bool:
        """Whether the server has kept the connection open since the last answer."""
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def close(self) -> None:
        self.is_open = False
        self._socket.close()


class _Reading:
    """An answer as it comes in; httptools calls its `on_` methods."""

    def __init__(self) -> None:
        self.is_whole = False
        self.keeps_alive = False
        self.status = 0
        self.body: list[bytes] = []
        self.handed_at: float | None = None
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes, handed_at: float | None) -> None:
        self.handed_at = handed_at
        self._parser.feed_data(data)

    def on_body(self, piece: bytes) -> None:
        self.body.append(piece)

    def on_message_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self.keeps_alive = self._parser.should_keep_alive()
        self.is_whole = True


def _wake(readable: "asyncio.Future[None]") -> None:
    if not readable.done():
        readable.set_result(None)


def _stamp(told: list[tuple[int, int, bytes]]) -> float | None:
    for level, kind, data in told:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack(data[: _TIMESPEC.size])
            return float(seconds + nanoseconds / 1e9)
    return None
