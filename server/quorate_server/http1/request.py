"""Writing a request's head, such that no value can add a line to it."""

from collections.abc import Sequence

from quorate_server.http1.address import Address
from quorate_server.upstream import Header

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class RequestEncoder:
    """Encodes requests for one origin."""

    __slots__ = ("_fixed", "_prefix")

    def __init__(self, address: Address) -> None:
        self._prefix = address.path_prefix
        self._fixed = (
            b" HTTP/1.1\r\nhost: " + address.host_header + b"\r\n"
            b"user-agent: quorate\r\naccept-encoding: identity\r\n"
        )

    def head(self, method: str, path: str, headers: Sequence[Header], body_bytes: int) -> bytes:
        """The request line and headers, with the empty line that ends them.

        Raises ValueError where a value would break out of its place.
        """
        target = self._prefix + path
        if " " in target or not (target.isascii() and target.isprintable() and method.isalpha()):
            raise ValueError(f"not a request line: {method!r} {target!r}")
        parts = [method.encode("ascii"), b" ", target.encode("ascii"), self._fixed]
        lines = 5 + len(headers)
        for name, value in headers:
            parts += (name, b": ", value, b"\r\n")
        if body_bytes or method in _WITH_BODY:
            parts.append(b"content-length: %d\r\n" % body_bytes)
            lines += 1
        parts.append(b"\r\n")
        head = b"".join(parts)
        # Each line above ends in one CR and one LF. More of either, and a value held it.
        if head.count(b"\n") != lines or head.count(b"\r") != lines or b"\0" in head:
            raise ValueError("a header's name or value holds a line break or NUL")
        return head
