"""A load generator: N connections, each asking again as soon as it was answered.

    python -m benchmarks.overhead.load --url http://127.0.0.1:8000 --connections 32 --seconds 2

Runs as a process of its own and prints one JSON object. wrk does the same with less CPU, where it
is installed (`wrk.lua`); this one needs nothing.
"""

import argparse
import asyncio
import json
import time
from urllib.parse import urlsplit

import httptools
import uvloop

PATH = "/v1/chat/completions"
WARM_UP_S = 0.3


def request_body(*, stream: bool) -> bytes:
    """What is asked: a usual short chat request."""
    question = "What is six times seven? Think first, then answer with the number alone. " * 4
    body = {"model": "m", "messages": [{"role": "user", "content": question}], "max_tokens": 64}
    return json.dumps({**body, "stream": True} if stream else body, separators=(",", ":")).encode()


class Client(asyncio.Protocol):
    """One connection, in a closed loop."""

    transport: asyncio.Transport

    def __init__(self, request: bytes, latencies: list[float], failures: list[str]) -> None:
        self._request = request
        self._latencies = latencies
        self._failures = failures
        self._parser = httptools.HttpResponseParser(self)
        self._asked_at = 0.0
        self._answered = False
        self.measuring = False
        self.answered = 0
        """Requests answered so far, also before measuring began."""
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # uvloop's is no subclass
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)
        if self._answered:
            self._answered = False
            self._ask()

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() != 200:
            self._failures.append(f"status {self._parser.get_status_code()}")
        else:
            self.answered += 1
            if self.measuring:
                self._latencies.append(time.perf_counter() - self._asked_at)
        self._answered = True

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)

    def _ask(self) -> None:
        self._asked_at = time.perf_counter()
        self.transport.write(self._request)


async def run(url: str, connections: int, seconds: float, *, stream: bool) -> dict[str, float]:
    """Requests/s and latency quantiles (ms) over `seconds`, after a short warm-up."""
    parts = urlsplit(url)
    body = request_body(stream=stream)
    request = (
        f"POST {PATH} HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer none\r\naccept: */*\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body
    latencies: list[float] = []
    failures: list[str] = []
    loop = asyncio.get_running_loop()
    clients: list[Client] = []
    for _ in range(connections):
        _, client = await loop.create_connection(
            lambda: Client(request, latencies, failures), parts.hostname or "", parts.port or 80
        )
        clients.append(client)
    await asyncio.sleep(WARM_UP_S)
    for client in clients:
        client.measuring = True
    started = time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - started
    done = sorted(latencies)
    broken = sum(client.lost.done() for client in clients)
    answered = sum(client.answered for client in clients)
    for client in clients:
        client.transport.abort()
    if not done:
        raise SystemExit(f"no request was answered: {failures[:3] or 'connections closed'}")
    return {
        "requests_per_s": len(done) / took,
        "p50_ms": 1000 * done[len(done) // 2],
        "p99_ms": 1000 * done[min(len(done) - 1, int(len(done) * 0.99))],
        "failed": len(failures) + broken,
        "answered": answered,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--stream", action="store_true")
    options = parser.parse_args()
    work = run(options.url, options.connections, options.seconds, stream=options.stream)
    print(json.dumps(uvloop.run(work)))
