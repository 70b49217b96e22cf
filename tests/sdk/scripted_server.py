"""A server on the loopback that says what a test tells it to, down to the byte."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

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


@dataclass(slots=True)
class Scripted:
    """The server: where it is, what it was asked, and how it answers."""

    script: Script
    port: int = 0
    calls: list[Call] = field(default_factory=list)
    connections: int = 0
    """Open now."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def asked(self) -> list[Call]:
        """Chat completions that were asked for."""
        return [call for call in self.calls if call.path.endswith("/chat/completions")]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.connections -= 1
            writer.close()

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
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def serve() -> None:
        listening = await asyncio.start_server(server.handle, "127.0.0.1", 0, backlog=1024)
        server.port = listening.sockets[0].getsockname()[1]
        ready.set()
        try:
            await asyncio.Event().wait()
        finally:
            listening.close()

    serving = loop.create_task(serve())
    thread = threading.Thread(target=_turn, args=(loop, serving), name="scripted-server")
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(serving.cancel)
        thread.join(10)


def _turn(loop: asyncio.AbstractEventLoop, serving: "asyncio.Task[None]") -> None:
    loop.run_until_complete(asyncio.wait([serving]))
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left))
    loop.close()
