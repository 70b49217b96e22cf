"""Reading a request's body, bounded in size. Its time is bounded by `GatewayProtocol`."""

from quorate_server.errors import BodyTooLarge
from quorate_server.gateway.asgi import Receive


class ClientLeft(Exception):
    """The client closed its connection; there is nobody to answer."""


async def read_body(receive: Receive, *, declared: bytes | None, max_bytes: int) -> bytes:
    """The whole body. `declared` is its content-length, if there was one.

    Raises BodyTooLarge, without reading a byte where the length says so already, and ClientLeft.
    """
    if declared is not None and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientLeft
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        body = await _read_on(receive, body, max_bytes)
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    return body


async def _read_on(receive: Receive, first: bytes, max_bytes: int) -> bytes:
    """What comes behind the first piece, until it is all there or too much."""
    body = bytearray(first)
    while len(body) <= max_bytes:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body)


def _too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body is larger than the {max_bytes} bytes allowed here.")
