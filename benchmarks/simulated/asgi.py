"""The few things of ASGI that a small server needs."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from benchmarks.simulated.asked import Refused

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def read_body(receive: Receive) -> bytes:
    """A request's whole body."""
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


def read_fields(body: bytes) -> Message:
    """The fields of a JSON object. Raises Refused where it is none."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise Refused(str(error)) from error


async def answer(send: Send, status: int, body: object) -> None:
    """Answer with bytes as they are, or with anything else as JSON."""
    whole = body if isinstance(body, bytes) else msgspec.json.encode(body)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(whole)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": whole})
