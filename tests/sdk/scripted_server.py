"""A server on the loopback that says what a test tells it to, down to the byte."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.listening import Listener, in_a_thread

STALL = object()
"""Say no more, and keep the connection open."""
DROP = object()
"""Close the connection."""
DRIP = object()
"""A byte of a comment every few milliseconds, for ever."""

Step = bytes | float | object
"""What is said, or seconds of silence, or one of the above."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


Script = Callable[[Call], Iterable[Step]]


@dataclass
class Scripted:
    """The server: where it is, what it was asked, and how it answers."""

    script: Script
    port: int = 0
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = Listener(self._connection)

    @property
    def connections(self) -> int:
        """Open now."""
        return self._listener.open

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def asked(self) -> list[Call]:
        """Chat completions that were asked for."""
        return [call for call in self.calls if call.path.endswith("/chat/completions")]

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[int]:
        """Serves on a free port, which it yields."""
        async with self._listener as listener:
            yield listener.port

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self._answer(reader, writer):
                pass

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        call = await _read(reader)
        self.calls.append(call)
        for step in self.script(call):
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif isinstance(step, float):
                await asyncio.sleep(step)
            elif step is DRIP:
                while not writer.is_closing():
                    writer.write(b":")
                    await writer.drain()
                    await asyncio.sleep(0.005)
            elif step is STALL:
                await reader.read()
                return False
            else:
                return False
        return True


async def _read(reader: asyncio.StreamReader) -> Call:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Call(method, path, headers, json.loads(body) if body else None)


@contextmanager
def scripted_server(script: Script) -> Iterator[Scripted]:
    """Serves in a thread of its own."""
    server = Scripted(script)
    with in_a_thread(server.serve()) as server.port:
        yield server
