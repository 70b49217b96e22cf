"""What a Quorate server says, in bytes."""

import json
from collections.abc import Iterator
from typing import Any

from tests.sdk.scripted_server import Step

MODELS = {
    "object": "list",
    "data": [
        {"id": name, "object": "model", "created": 0, "owned_by": "quorate"}
        for name in ("abacus", "abacus:fast", "abacus:fast:json")
    ],
}
CONSENSUS = {
    "answer": "46",
    "answer_type": "number",
    "confidence": 0.93,
    "confidence_reason": None,
    "calibration": {"id": "c", "fitted_on": 400},
    "agreement": 0.8,
    "agreement_low": 0.6,
    "votes": [
        {"answer": "46", "count": 4, "weight": 4.5, "sample_ids": [0, 1, 2, 4]},
        {"answer": "56", "count": 1, "weight": 0.5, "sample_ids": [3]},
    ],
    "stop_reason": "decided",
    "abstained": False,
    "fields": None,
    "review": None,
    "labels": None,
}
DEADLINE = {"budget_ms": 990, "elapsed_ms": 12, "met": True, "forced": 1}
USAGE = {
    "prompt_tokens": 27,
    "completion_tokens": 206,
    "total_tokens": 233,
    "completion_tokens_details": {"reasoning_tokens": 110, "cancelled_tokens": 9},
    "cost": 0.0012,
    "estimated": False,
}


def completion(**extra: Any) -> dict[str, Any]:
    """An unstreamed answer."""
    message = {"role": "assistant", "content": "It is 46.", "reasoning": "12+34"}
    return {
        "id": "chatcmpl-q-1",
        "object": "chat.completion",
        "created": 1,
        "model": "abacus",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": USAGE,
        "consensus": CONSENSUS,
        **extra,
    }


def chunk(delta: dict[str, Any], finish: str | None = None, **extra: Any) -> dict[str, Any]:
    """A streamed piece."""
    return {
        "id": "chatcmpl-q-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "abacus",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        **extra,
    }


def progress(count: int = 2, finished: int = 3) -> dict[str, Any]:
    """How the votes stand."""
    votes = [{"answer": "46", "count": count}] if count else []
    told = {"votes": votes, "started": 4, "finished": finished, "in_flight": 4 - finished}
    return chunk({}, consensus_progress=told)


def decided(**consensus: Any) -> list[dict[str, Any]]:
    """The chunks of a decided group."""
    told = {**CONSENSUS, **consensus}
    return [
        chunk({"role": "assistant"}, consensus=told, deadline=DEADLINE),
        chunk({"reasoning": "12+", "reasoning_content": "12+"}),
        chunk({"reasoning": "34", "reasoning_content": "34"}),
        chunk({"content": "It is "}),
        chunk({"content": "46."}),
        chunk({}, "stop", usage=USAGE),
    ]


def whole(value: Any, status: int = 200, **headers: str) -> bytes:
    """A response in one piece."""
    body = json.dumps(value).encode()
    lines = "".join(f"{name.replace('_', '-')}: {v}\r\n" for name, v in headers.items())
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{lines}"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def error(code: str, status: int, **headers: str) -> bytes:
    """An error in OpenAI's envelope."""
    told = {"message": f"It is {code}.", "type": "x", "param": None, "code": code}
    return whole({"error": told}, status, **headers)


STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def event(value: Any) -> bytes:
    """A server-sent event, as a chunk of the transfer."""
    data = b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data)


def stream(*values: Any) -> Iterator[Step]:
    """A stream from its head to `[DONE]`."""
    yield STREAM
    for value in values:
        yield event(value)
    yield event(b"[DONE]") + END
