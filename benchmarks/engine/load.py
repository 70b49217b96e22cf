"""Load that saturates an engine: a fixed amount of work, timed from the first byte to the last."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from quorate_server.http1 import HttpOrigin

PATH = "/v1/chat/completions"
HEADERS = ((b"content-type", b"application/json"),)
TOKENS = 96
"""Tokens of each sample: all are made to be as long, so that every run is the same work."""


@dataclass(frozen=True)
class Ran:
    """What a run came to. `chunks`: pieces of streams that arrived."""

    tokens: int
    requests: int
    chunks: int
    seconds: float

    @property
    def tokens_per_s(self) -> float:
        return self.tokens / self.seconds


@dataclass(frozen=True)
class Kind:
    """One way to ask for `samples` samples of a question."""

    name: str
    fields: dict[str, Any]
    samples: int = 1


UNARY = Kind("unary", {})
STREAM = Kind("streamed, a chunk a token", {"stream": True})
STREAM_16 = Kind("streamed, 16 tokens a chunk", {"stream": True, "stream_interval": 16})


def group(samples: int) -> Kind:
    """A group in one request to the gateway."""
    consensus = {"max_samples": samples, "early_stop": "none", "answer_type": "math"}
    return Kind(f"group of {samples}", {"consensus": consensus}, samples)


def question(number: int) -> str:
    """Questions differ, so that none is answered from the cache of another."""
    return f"What is {11 + number % 83}+{34 + number % 59}*5-{6 + number}?"


def body(kind: Kind, number: int, model: str) -> bytes:
    """One request: exactly TOKENS tokens a sample."""
    fields = {
        "model": model,
        "messages": [{"role": "user", "content": question(number)}],
        "max_tokens": TOKENS,
        "ignore_eos": True,
        **kind.fields,
    }
    if fields.get("stream"):
        fields["stream_options"] = {"include_usage": True}
    return json.dumps(fields).encode()


async def saturate(url: str, kind: Kind, *, requests: int, at_once: int, model: str) -> Ran:
    """Send `requests` requests, `at_once` in flight, and count what comes back."""
    origin = HttpOrigin(url)
    numbers = iter(range(requests))
    tokens = chunks = 0

    async def ask_on() -> None:
        nonlocal tokens, chunks
        for number in numbers:
            response = await origin.send(
                "POST", PATH, headers=HEADERS, body=body(kind, number, model)
            )
            answer = await response.read()
            if response.status != 200:
                raise RuntimeError(f"{response.status}: {answer[:300]!r}")
            if kind.fields.get("stream"):
                events = answer.split(b"data: ")
                chunks += len(events) - 2
                answer = next(e for e in reversed(events) if b'"completion_tokens"' in e)
            tokens += json.loads(answer)["usage"]["completion_tokens"]

    began_at = time.perf_counter()
    try:
        await asyncio.gather(*(ask_on() for _ in range(at_once)))
    finally:
        await origin.aclose()
    return Ran(tokens, requests, chunks, time.perf_counter() - began_at)


Leg = Callable[[], Awaitable[Ran]]
