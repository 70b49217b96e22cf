"""Reading a request's body, bounded in size and in time."""

import asyncio

from quorate_server.errors import BodyTimeout, BodyTooLarge
from quorate_server.gateway.asgi import Receive


class ClientLeft(Exception):
    """The client closed its connection; there is nobody to answer."""


async def read_body(
    receive: Receive, *, declared: bytes | None, max_bytes: int, timeout_s: float
) -> bytes:
    """The whole body. `declared` is its content-length, if there was one.

    Raises BodyTooLarge, without reading a byte where the length says so already, BodyTimeout
    when the body is not complete after `timeout_s` seconds, ClientLeft.
    """
    if declared is not None and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    try:
        async with asyncio.timeout(timeout_s):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientLeft
            body: bytes = message.get("body", b"")
            if not message.get("more_body", False) and len(body) <= max_bytes:
                return body
            return await _read_on(receive, body, max_bytes)
    except TimeoutError as error:
        raise BodyTimeout(f"The body was not complete after {timeout_s:g} s.") from error


async def _read_on(receive: Receive, first: bytes, max_bytes: int) -> bytes:
    body = bytearray(first)
    while len(body) <= max_bytes:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    return bytes(body)


def _too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body is larger than the {max_bytes} bytes allowed here.")
