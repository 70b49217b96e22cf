"""An Upstream that a test scripts: no sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from quorate_server.errors import EngineFailed
from quorate_server.upstream import Header


@dataclass
class Asked:
    """One request as the fake got it."""

    method: str
    path: str
    headers: dict[bytes, bytes]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        return msgspec.json.decode(self.raw, type=dict[str, Any])


@dataclass(eq=False)
class FakeResponse:
    """A response whose body a test feeds piece by piece; `None` ends it, an error breaks it."""

    status: int = 200
    headers: Sequence[Header] = ()
    closed: bool = False
    _pieces: asyncio.Queue[bytes | Exception | None] = field(default_factory=asyncio.Queue)

    def feed(self, *pieces: bytes | Exception | None) -> "FakeResponse":
        for piece in pieces:
            self._pieces.put_nowait(piece)
        return self

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._pieces.get()
        if piece is None:
            raise StopAsyncIteration
        if isinstance(piece, Exception):
            raise piece
        return piece

    async def read(self) -> bytes:
        return b"".join([piece async for piece in self])

    def close(self) -> None:
        self.closed = True


Answer = FakeResponse | Exception
Handler = Callable[[Asked], Answer | Awaitable[Answer]]


class FakeUpstream:
    """Hands every request to `handler` and keeps it in `asked`."""

    base_url = "http://engine"

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.asked: list[Asked] = []
        self.closed = False

    async def send(
        self, method: str, path: str, *, headers: Sequence[Header] = (), body: bytes = b""
    ) -> FakeResponse:
        asked = Asked(method, path, dict(headers), body)
        self.asked.append(asked)
        answer = self.handler(asked)
        if isinstance(answer, Awaitable):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def aclose(self) -> None:
        self.closed = True


def told(status: int, body: object) -> FakeResponse:
    """A whole JSON answer."""
    return FakeResponse(status).feed(msgspec.json.encode(body), None)


def sse(*chunks: object, done: bool = True) -> bytes:
    """Events as vLLM writes them."""
    events = [b"data: " + msgspec.json.encode(chunk) + b"\n\n" for chunk in chunks]
    return b"".join(events) + (b"data: [DONE]\n\n" if done else b"")


def chat_chunk(finish: str | None = None, ids: Sequence[int] = (), **delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "token_ids": list(ids)}
    return {"choices": [choice]}


def usage_chunk(prompt: int, completion: int) -> dict[str, Any]:
    return {
        "choices": [],
        "usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": 0},
    }


BROKEN = EngineFailed("the connection broke")
