"""An upstream that answers at once, lean enough not to be what is measured.

    python -m benchmarks.overhead.instant --port 9000

Looks at as little of a request as it can: its length, and whether a stream is asked for. A stream's
chunks are written one by one, as an engine's would come.
"""

import argparse
import asyncio
import json
import re
import signal

import uvloop

STREAM_CHUNKS = 64
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def _http(body: bytes, content_type: bytes = b"application/json") -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b" % (
        content_type,
        len(body),
        body,
    )


def _chunk(**fields: object) -> bytes:
    event = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    data = b"data: " + json.dumps({**event, **fields}, separators=(",", ":")).encode() + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(data), data)


USAGE = {
    "prompt_tokens": 27,
    "total_tokens": 27 + STREAM_CHUNKS,
    "completion_tokens": STREAM_CHUNKS,
}
MESSAGE = {
    "role": "assistant",
    "content": "The answer is 42.",
    "reasoning": "Six times seven. " * 8,
}
ANSWER = _http(
    json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
            "usage": USAGE,
        },
        separators=(",", ":"),
    ).encode()
)
MODELS = _http(
    json.dumps(
        {"object": "list", "data": [{"id": "m", "object": "model", "owned_by": "bench"}]}
    ).encode()
)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
CHUNK = _chunk(choices=[{"index": 0, "delta": {"content": " word"}, "finish_reason": None}])
END = b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
USAGE_CHUNK = _chunk(choices=[], usage=USAGE)


class Instant(asyncio.Protocol):
    """Answers each request of a connection at once."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._rest = b""
        self._left = 0
        self._with_usage = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or transport is not None
        self.transport = transport  # type: ignore[assignment]  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(data, 0, end)
            total = end + 4 + (int(found[1]) if found else 0)
            if len(data) < total:
                break
            self._answer(data[:total])
            data = data[total:]
        self._rest = data

    def _answer(self, request: bytes) -> None:
        if request.startswith(b"GET"):
            self.transport.write(MODELS)
        elif b'"stream":true' in request or b'"stream": true' in request:
            self._with_usage = b'"include_usage":true' in request.replace(b" ", b"")
            self._left = STREAM_CHUNKS
            self.transport.write(HEAD)
            self._next_chunk()
        else:
            self.transport.write(ANSWER)

    def _next_chunk(self) -> None:
        if self.transport.is_closing():
            return
        if self._left:
            self._left -= 1
            self.transport.write(CHUNK)
            asyncio.get_running_loop().call_soon(self._next_chunk)
        else:
            self.transport.write((USAGE_CHUNK if self._with_usage else b"") + END)


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    server = await loop.create_server(Instant, "127.0.0.1", port, backlog=1024)
    async with server:
        await stopped.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(_serve(parser.parse_args().port))
