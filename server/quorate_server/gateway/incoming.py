"""A request as it came in, before anything of it was understood."""

from collections.abc import Sequence
from dataclasses import dataclass

from quorate_server.deadlines import DEADLINE_HEADERS
from quorate_server.upstream import Header


@dataclass(frozen=True, slots=True)
class Incoming:
    """One POST with its whole body.

    `arrived_at` is the monotonic time (seconds) of the request's first byte: every
    deadline counts from it. `request_id` is of our own making, sent to the engine and returned
    as `x-request-id`. `deadline_headers` are the headers that may tell a deadline.
    """

    path: str
    headers: Sequence[Header]
    body: bytes
    arrived_at: float
    request_id: str
    deadline_headers: frozenset[bytes] = DEADLINE_HEADERS

    def header(self, name: bytes) -> bytes | None:
        """The last value of a header (`name` in lower case)."""
        for key, value in reversed(self.headers):
            if key == name:
                return value
        return None
