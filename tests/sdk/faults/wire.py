"""What a server says, as bytes: whole and chunked responses, and one good answer."""

import json
from typing import Any

MODEL = "hostile"
ANSWER = "4"
CONSENSUS = {
    "answer": ANSWER,
    "answer_type": "number",
    "confidence": None,
    "confidence_reason": "no_calibration",
    "calibration": None,
    "agreement": 1.0,
    "agreement_low": 0.7,
    "votes": [{"answer": ANSWER, "count": 4, "weight": 4.0, "sample_ids": [0, 1, 2, 3]}],
    "sample_counts": {
        "started": 4,
        "finished": 4,
        "cancelled": 0,
        "failed": 0,
        "unparsed": 0,
        "forced": 0,
    },
    "stop_reason": "decided",
    "abstained": False,
    "escalated_to": None,
    "fields": None,
    "review": None,
    "assembled": False,
    "labels": None,
    "debug": {"lead_stability": 0.97, "early_stop": "auto", "voting": "majority"},
}
USAGE = {"prompt_tokens": 9, "completion_tokens": 40, "total_tokens": 49, "cost": None}
SPENT = {"budget_ms": 1000, "elapsed_ms": 4, "met": True, "forced": 0}
PROGRESS = {"votes": [{"answer": ANSWER, "count": 2}], "started": 4, "finished": 2, "in_flight": 2}
MODELS = {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 1}]}


def head(*lines: str, status: str = "200 OK") -> bytes:
    """A response's head."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def whole(body: object, *lines: str, status: str = "200 OK") -> bytes:
    """A response, as an honest server sends it."""
    data = json.dumps(body).encode()
    return head(*json_of(len(data)), *lines, status=status) + data


def event(**fields: Any) -> bytes:
    """A chunk of a streamed completion, in a chunk of the transfer encoding."""
    common = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
    return chunk(b"data: " + json.dumps({**common, **fields}).encode() + b"\n\n")


def delta(finish_reason: str | None = None, **said: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": said, "finish_reason": finish_reason}]}


def completion() -> dict[str, Any]:
    """A group's good answer."""
    message = {"role": "assistant", "content": ANSWER}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": USAGE,
        "consensus": CONSENSUS,
        "deadline": SPENT,
    }


def error(status: str, code: str, *lines: str) -> bytes:
    body = {"message": "not now", "type": "server_error", "param": None, "code": code}
    return whole({"error": body}, *lines, status=status)


def json_of(length: int) -> tuple[str, str]:
    return "content-type: application/json", f"content-length: {length}"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


SSE = head("content-type: text/event-stream", "transfer-encoding: chunked")
LAST = b"0\r\n\r\n"
BROKEN = head(*json_of(9)) + b"{not json"
